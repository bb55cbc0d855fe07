package dev.cleat.client;

import dev.cleat.v1.Ended;
import java.util.Optional;

/**
 * How an attachment came to its end; everything there was has been delivered, unless this side
 * closed it.
 *
 * @param reason why
 * @param exit how the process ended; empty unless the reason is {@link Reason#EXITED}, and where
 *     the system did not tell
 */
public record AttachEnd(Reason reason, Optional<Exit> exit) {

  /** Why an attachment ended. */
  public enum Reason {
    /** A reason that this version of the library does not know. */
    UNKNOWN,
    /** The process has ended. */
    EXITED,
    /** The process could not be started. */
    FAILED,
    /** The process was lost with the server that ran it. */
    LOST,
    /** The session was deleted. */
    DELETED,
    /** {@link Attachment#close}, or that of the client. */
    CLOSED
  }

  static final AttachEnd CLOSED = new AttachEnd(Reason.CLOSED, Optional.empty());

  static AttachEnd of(Ended ended) {
    return new AttachEnd(
        Names.of(Reason.class, "END_REASON_", ended.getReason(), Reason.UNKNOWN),
        Optional.ofNullable(Exit.of(ended.getExit())));
  }
}

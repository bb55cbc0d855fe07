package dev.cleat.server.terminal;

import java.io.Serial;

/**
 * A process could not be started; nothing of it is left behind. The message may be shown to the
 * caller: it says nothing about the server beyond what the caller has passed in.
 */
public final class TerminalStartException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** What stood in the way. */
  public enum Kind {
    /** The working directory does not exist. */
    WORKDIR_MISSING,
    /** The working directory is something else than a folder. */
    WORKDIR_NOT_FOLDER,
    /** The server's user may not enter the working directory. */
    WORKDIR_NOT_PERMITTED,
    /** The working directory lies somewhere else than it must. */
    WORKDIR_OUTSIDE,
    /** The program does not exist, or is not an executable file. */
    PROGRAM_MISSING,
    /** The machine has no descriptor or no terminal left. */
    NO_PTY,
    /** Anything else; the message says what. */
    FAILED
  }

  private final Kind kind;

  TerminalStartException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  TerminalStartException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** What stood in the way. */
  public Kind kind() {
    return kind;
  }
}

package dev.cleat.client;

import java.time.Instant;

/**
 * A change of a session.
 *
 * @param kind what happened
 * @param time when, by the server's clock
 * @param session the session after it, in brief; for {@link Kind#DELETED} as it was before
 * @param position the place behind this change among all changes of all sessions, for watching on
 *     from there later
 */
public record SessionChange(Kind kind, Instant time, SessionInfo session, Position position) {

  /** What happened to a session. */
  public enum Kind {
    /** Something that this version of the library does not know. */
    UNKNOWN,
    /** It was created. */
    CREATED,
    /** Its state, activity, settings or a turn changed. */
    CHANGED,
    /** Its process ended, could not be started or was lost. */
    ENDED,
    /** It was deleted. */
    DELETED
  }

  static SessionChange of(dev.cleat.v1.SessionChange change) {
    return new SessionChange(
        Names.of(Kind.class, "SESSION_CHANGE_KIND_", change.getKind(), Kind.UNKNOWN),
        Times.of(change.getTime()),
        new SessionInfo(change.getSession()),
        new Position(change.getEpoch(), change.getSeq()));
  }
}

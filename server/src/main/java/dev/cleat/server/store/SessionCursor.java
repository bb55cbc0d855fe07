package dev.cleat.server.store;

/**
 * A place in the list of sessions: behind the session with this age and id, whether or not it is
 * still there.
 *
 * @param createdNanos the session's {@link SessionRow#createdNanos}
 * @param id the session's id
 */
public record SessionCursor(long createdNanos, String id) {
  /** Behind this session. */
  public static SessionCursor after(SessionRow row) {
    return new SessionCursor(row.createdNanos(), row.id());
  }
}

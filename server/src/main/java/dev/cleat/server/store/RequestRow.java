package dev.cleat.server.store;

import org.jspecify.annotations.Nullable;

/**
 * A request id that was used, and what came of it.
 *
 * @param kind what was asked for; ids of different kinds have nothing to do with each other
 * @param tenant whose request it was; ids of different tenants have nothing to do with each other
 * @param requestId the caller's id
 * @param fingerprint opaque: tells a retry from another request under the same id; the array is not
 *     copied and must not be changed
 * @param sessionId the session that was created or prompted; the row is deleted with it
 * @param turnId the turn, or null for {@link Kind#CREATE}; the turn may have been trimmed since
 * @param expiresMillis when the id may be used again, in milliseconds since 1970
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier between caller and database; never compared.
public record RequestRow(
    Kind kind,
    String tenant,
    String requestId,
    byte[] fingerprint,
    String sessionId,
    @Nullable String turnId,
    long expiresMillis) {
  /** What a request asked for. */
  public enum Kind {
    CREATE,
    PROMPT
  }
}

package dev.cleat.client;

import dev.cleat.v1.WhoAmIResponse;
import java.time.Instant;
import java.util.Optional;

/**
 * Whom the server takes a client for.
 *
 * @param tenant whose sessions there are for it
 * @param subject who it is within the tenant
 * @param role what it may do
 * @param sessionId the only session there is for it, if it has a ticket
 * @param expires when its credential expires, if it does by itself
 */
public record CallerInfo(
    String tenant,
    String subject,
    AccessRole role,
    Optional<String> sessionId,
    Optional<Instant> expires) {

  static CallerInfo of(WhoAmIResponse raw) {
    return new CallerInfo(
        raw.getTenant(),
        raw.getSubject(),
        AccessRole.of(raw.getRole()),
        raw.getSessionId().isEmpty() ? Optional.empty() : Optional.of(raw.getSessionId()),
        raw.hasExpireTime() ? Optional.of(Times.of(raw.getExpireTime())) : Optional.empty());
  }
}

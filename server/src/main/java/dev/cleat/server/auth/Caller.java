package dev.cleat.server.auth;

import dev.cleat.v1.Role;
import org.jspecify.annotations.Nullable;

/**
 * Whoever makes a call, as a credential has said.
 *
 * @param tenant whose sessions there are for it: 1 to 63 characters of a–z, 0–9 and "-", starting
 *     with a letter or digit
 * @param subject who it is within the tenant: what it creates, it owns; 1 to 200 characters
 * @param role what it may do, on every session of the tenant or on the one of its ticket
 * @param ticketSession the id of the only session there is for it; null without a ticket
 */
public record Caller(String tenant, String subject, Role role, @Nullable String ticketSession) {
  /** The tenant of callers that nothing says more of. */
  public static final String DEFAULT_TENANT = "default";

  /** Who calls where no credential is asked for. */
  public static final Caller ANONYMOUS =
      new Caller(DEFAULT_TENANT, "anonymous", Role.ROLE_ADMIN, null);
}

package dev.cleat.server.auth;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens are taken.
 *
 * @param tokens the file of bearer tokens; null without it
 * @param jwtKeys the file or the URL of the public keys of JWTs; null without JWTs
 * @param jwt which JWTs, where there are keys for them
 * @param ticketKeys the file of the keys of tickets; null for one of the server's own
 * @param anonymous whether a call without a credential is an administrator's of the default tenant
 */
public record AuthSettings(
    @Nullable Path tokens,
    @Nullable String jwtKeys,
    JwtRules jwt,
    @Nullable Path ticketKeys,
    boolean anonymous) {
  /** Whether a token says who calls. */
  public boolean identifies() {
    return tokens != null || jwtKeys != null;
  }

  /** The same, with or without callers that nothing is known of. */
  public AuthSettings withAnonymous(boolean allowed) {
    return new AuthSettings(tokens, jwtKeys, jwt, ticketKeys, allowed);
  }
}

package dev.cleat.server.auth;

import com.nimbusds.jose.jwk.JWKSet;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * JWTs whose signatures were found good a moment ago: checking one costs more than most calls.
 * Thread-safe.
 */
final class SeenJwts {
  private static final int MOST = 1_000;

  /** After it, a JWT is checked again, and with it whether there are other keys. */
  static final Duration FRESH = Duration.ofSeconds(60);

  /**
   * One of them.
   *
   * @param keys those there were
   */
  private record Seen(Credential credential, JWKSet keys, Instant at) {}

  private final Map<String, Seen> seen =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
          return size() > MOST;
        }
      };

  /** The credential of one that was good with these very keys, if it has not expired. */
  synchronized Optional<Credential> find(String jwt, JWKSet keys, Instant now) {
    final Seen found = seen.get(jwt);
    if (found == null) {
      return Optional.empty();
    }
    final Instant expires = found.credential.expires();
    if (!found.keys.equals(keys)
        || now.isAfter(found.at.plus(FRESH))
        || expires == null
        || !now.isBefore(expires)) {
      seen.remove(jwt);
      return Optional.empty();
    }
    return Optional.of(found.credential);
  }

  synchronized void add(String jwt, Credential credential, JWKSet keys, Instant now) {
    seen.put(jwt, new Seen(credential, keys, now));
  }
}

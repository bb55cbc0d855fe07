package dev.cleat.server.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JWTs of others: signed by one of their private keys, for this audience, not expired. What they
 * are signed with is decided here, and not by them. Thread-safe.
 */
final class Jwts {
  /** Asymmetric ones only: with the others, whoever knows a public key could sign. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private static final Duration SKEW = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(Jwts.class);

  private final JwtRules rules;
  private final JwtKeys keys;
  private final InstantSource clock;
  private final SeenJwts seen = new SeenJwts();
  private final DefaultJWTProcessor<KeyWait> processor = new DefaultJWTProcessor<>();

  Jwts(JwtRules rules, JwtKeys keys, InstantSource clock) {
    this.rules = rules;
    this.keys = keys;
    this.clock = clock;
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
    final Set<String> required = new HashSet<>(Set.of("iss", "aud", "exp"));
    required.add(rules.tenantClaim());
    required.add(rules.subjectClaim());
    required.add(rules.roleClaim());
    final DefaultJWTClaimsVerifier<KeyWait> claims =
        new DefaultJWTClaimsVerifier<>(
            rules.audience(), new JWTClaimsSet.Builder().issuer(rules.issuer()).build(), required) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    claims.setMaxClockSkew(Math.toIntExact(SKEW.toSeconds()));
    processor.setJWTClaimsSetVerifier(claims);
  }

  /** Who bears it, if it is valid. */
  Optional<Credential> verify(SignedJWT jwt, KeyWait wait) {
    final JWKSet known = keys.known();
    final Instant now = clock.instant();
    final Optional<Credential> before = seen.find(jwt.getParsedString(), known, now);
    if (before.isPresent()) {
      return before;
    }
    final Optional<Credential> verified = verifyAnew(jwt, wait);
    verified.ifPresent(credential -> seen.add(jwt.getParsedString(), credential, known, now));
    return verified;
  }

  private Optional<Credential> verifyAnew(SignedJWT jwt, KeyWait wait) {
    try {
      final JWTClaimsSet claims = processor.process(jwt, wait);
      return new Claims(
              text(claims, rules.tenantClaim()),
              text(claims, rules.subjectClaim()),
              text(claims, rules.roleClaim()))
          .caller()
          .map(caller -> new Credential(caller, claims.getExpirationTime().toInstant()));
    } catch (BadJOSEException | JOSEException e) {
      return Optional.empty();
    }
  }

  /** Waits for the key of one if it is not known. */
  void fetchKey(SignedJWT jwt) {
    if (ALGORITHMS.contains(jwt.getHeader().getAlgorithm())) {
      try {
        keys.get(new JWKSelector(JWKMatcher.forJWSHeader(jwt.getHeader())), KeyWait.ALLOWED);
      } catch (KeySourceException e) {
        // The JWT is judged by the keys that there are.
        LOG.debug("No key was fetched", e);
      }
    }
  }

  private static @Nullable String text(JWTClaimsSet claims, String name) {
    try {
      return claims.getStringClaim(name);
    } catch (ParseException e) {
      return null; // It is there, and no text.
    }
  }
}

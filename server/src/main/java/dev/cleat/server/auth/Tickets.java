package dev.cleat.server.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.v1.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tickets: JWTs that the server signs for itself, each for one session in one of its runs. Nothing
 * of them is kept: one is revoked when its session is not in that run any more, or its key is gone.
 * Thread-safe.
 */
public final class Tickets {
  /** What sessions are asked. */
  @FunctionalInterface
  public interface Runs {
    /** Whether the tenant has such a session, and it is in that run, which has not ended. */
    boolean isIn(String tenant, String sessionId, int run);
  }

  /** Says that it is a ticket, and is in no other JWT. */
  private static final JOSEObjectType TYPE = new JOSEObjectType("cleat-ticket+jwt");

  private static final String TENANT = "tenant";
  private static final String SESSION = "session";
  private static final String RUN = "run";
  private static final String ROLE = "role";

  private final WatchedFile<TicketKeys> keys;
  private final Runs runs;
  private final InstantSource clock;

  private Tickets(WatchedFile<TicketKeys> keys, Runs runs, InstantSource clock) {
    this.keys = keys;
    this.runs = runs;
    this.clock = clock;
  }

  /**
   * With the keys of an operator's file, read again when it has changed.
   *
   * @throws WrongFileException if it cannot be read or has mistakes
   */
  public static Tickets open(Path file, Runs runs, InstantSource clock) throws WrongFileException {
    return open(file, runs, clock, System::nanoTime);
  }

  /** As {@link #open}, with a key that is made if the file is not there. */
  public static Tickets create(Path file, Runs runs, InstantSource clock)
      throws WrongFileException, IOException {
    TicketKeys.create(file);
    return open(file, runs, clock);
  }

  static Tickets open(Path file, Runs runs, InstantSource clock, LongSupplier nanoTime)
      throws WrongFileException {
    return new Tickets(
        new WatchedFile<>("the keys of tickets", file, TicketKeys::read, nanoTime), runs, clock);
  }

  /**
   * A new ticket. Whether the issuer may give it out is the caller's business.
   *
   * @param run of the session
   * @param ttl how long it is valid, in whole seconds
   */
  public Ticket issue(Caller issuer, String sessionId, int run, Role role, Duration ttl) {
    final TicketKeys.Key key = keys.contents().signing();
    final Instant now = clock.instant();
    // Their clock is the second. Upwards, so that a short one is not shorter.
    final Instant expires = now.plus(ttl).plusMillis(999).truncatedTo(ChronoUnit.SECONDS);
    final SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).type(TYPE).keyID(key.id()).build(),
            new JWTClaimsSet.Builder()
                .subject(issuer.subject())
                .claim(TENANT, issuer.tenant())
                .claim(SESSION, sessionId)
                .claim(RUN, run)
                .claim(ROLE, RoleWords.word(role))
                .issueTime(Date.from(now))
                .expirationTime(Date.from(expires))
                .build());
    try {
      jwt.sign(new MACSigner(key.secret()));
    } catch (JOSEException e) {
      throw new IllegalStateException("a ticket could not be signed", e);
    }
    return new Ticket(jwt.serialize(), expires);
  }

  /** Whether it says that it is a ticket. */
  static boolean isOne(SignedJWT jwt) {
    return TYPE.equals(jwt.getHeader().getType());
  }

  /** Who bears it, if it is valid. */
  Optional<Credential> verify(SignedJWT jwt) {
    try {
      final TicketKeys.@Nullable Key key =
          keys.contents().find(jwt.getHeader().getKeyID()).orElse(null);
      if (key == null
          || !jwt.getHeader().getAlgorithm().equals(JWSAlgorithm.HS256)
          || !jwt.verify(new MACVerifier(key.secret()))) {
        return Optional.empty();
      }
      return credential(jwt.getJWTClaimsSet());
    } catch (JOSEException | ParseException e) {
      return Optional.empty();
    }
  }

  /** What is signed is as we wrote it; only whether it still holds is to be seen. */
  private Optional<Credential> credential(JWTClaimsSet claims) throws ParseException {
    final Instant expires = claims.getExpirationTime().toInstant();
    final String tenant = claims.getStringClaim(TENANT);
    final String session = claims.getStringClaim(SESSION);
    if (!clock.instant().isBefore(expires)
        || !runs.isIn(tenant, session, claims.getIntegerClaim(RUN))) {
      return Optional.empty();
    }
    return RoleWords.role(claims.getStringClaim(ROLE))
        .map(role ->
            new Credential(
                new Caller(tenant, Claims.TICKET + claims.getSubject(), role, session), expires));
  }
}

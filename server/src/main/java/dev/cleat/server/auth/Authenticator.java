package dev.cleat.server.auth;

import com.nimbusds.jwt.SignedJWT;
import dev.cleat.server.auth.Verdict.Kind;
import dev.cleat.server.auth.Verdict.Why;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.v1.Role;
import java.text.ParseException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Says who makes a call. A token that comes with the call counts over the certificate of its
 * connection; where there is neither, the caller is anonymous, if that is allowed. One that is not
 * valid is refused whatever else is there. Thread-safe.
 */
public final class Authenticator {
  private static final Credential ANONYMOUS =
      new Credential(new Caller(Caller.DEFAULT_TENANT, "anonymous", Role.ROLE_ADMIN, null), null);

  private static final String SCHEME = "Bearer ";

  private final @Nullable WatchedFile<TokenTable> tokens;
  private final @Nullable Jwts jwts;
  private final Tickets tickets;
  private final @Nullable ClientCertificates certificates;
  private final boolean anonymous;
  private final InstantSource clock;

  Authenticator(
      @Nullable WatchedFile<TokenTable> tokens,
      @Nullable Jwts jwts,
      Tickets tickets,
      @Nullable ClientCertificates certificates,
      boolean anonymous,
      InstantSource clock) {
    this.tokens = tokens;
    this.jwts = jwts;
    this.tickets = tickets;
    this.certificates = certificates;
    this.anonymous = anonymous;
    this.clock = clock;
  }

  /**
   * With these sources. Their files are read for the first time, and again when they have changed.
   *
   * @param tls null without TLS
   * @throws WrongFileException if a file cannot be used
   */
  public static Authenticator open(
      AuthSettings settings, Tickets tickets, @Nullable ServerTls tls, InstantSource clock)
      throws WrongFileException {
    return open(settings, tickets, tls, clock, System::nanoTime);
  }

  static Authenticator open(
      AuthSettings settings,
      Tickets tickets,
      @Nullable ServerTls tls,
      InstantSource clock,
      LongSupplier nanoTime)
      throws WrongFileException {
    final WatchedFile<TokenTable> tokens =
        settings.tokens() == null
            ? null
            : new WatchedFile<>("the tokens", settings.tokens(), TokenFile::read, nanoTime);
    final Jwts jwts =
        settings.jwtKeys() == null
            ? null
            : new Jwts(settings.jwt(), JwtKeys.of(settings.jwtKeys(), nanoTime), clock);
    return new Authenticator(
        tokens, jwts, tickets, tls == null ? null : tls.clients(), settings.anonymous(), clock);
  }

  /**
   * Who makes a call. May wait for the key of a JWT that was not known before.
   *
   * @param authorization the call's values of this name
   * @param connection the TLS session; null without TLS
   */
  public Verdict authenticate(List<String> authorization, @Nullable SSLSession connection) {
    return authenticate(authorization, connection, KeyWait.ALLOWED);
  }

  /** As {@link #authenticate}, on a thread that must not wait: with the keys that are known. */
  public Verdict authenticateAtOnce(List<String> authorization, @Nullable SSLSession connection) {
    return authenticate(authorization, connection, KeyWait.NONE);
  }

  private Verdict authenticate(
      List<String> authorization, @Nullable SSLSession connection, KeyWait wait) {
    if (!authorization.isEmpty()) {
      return authorization.size() == 1
          ? bearer(authorization.getFirst(), wait)
          : new Verdict.Invalid(Kind.TOKEN, Why.MALFORMED);
    }
    if (certificates != null && connection != null && ClientCertificates.isGiven(connection)) {
      return verdict(
          certificates.caller(connection),
          Kind.CERTIFICATE,
          ClientCertificates.isExpired(connection, clock.instant()));
    }
    return anonymous ? new Verdict.Valid(ANONYMOUS) : new Verdict.Invalid(Kind.NONE, Why.MISSING);
  }

  private static Verdict verdict(Optional<Credential> credential, Kind kind, boolean expired) {
    return credential.isPresent()
        ? new Verdict.Valid(credential.get())
        : new Verdict.Invalid(kind, expired ? Why.EXPIRED : Why.INVALID);
  }

  private Verdict bearer(String value, KeyWait wait) {
    final String token = token(value);
    if (token == null) {
      return new Verdict.Invalid(Kind.TOKEN, Why.MALFORMED);
    }
    final @Nullable TokenTable listed = tokens == null ? null : tokens.contents();
    final Optional<Credential> known =
        listed == null ? Optional.empty() : listed.find(token, clock.instant());
    if (known.isPresent()) {
      return new Verdict.Valid(known.get());
    }
    final SignedJWT jwt = parsed(token);
    if (jwt != null) {
      return signed(jwt, wait);
    }
    final boolean expired = listed != null && listed.find(token, Instant.MIN).isPresent();
    return new Verdict.Invalid(Kind.TOKEN, expired ? Why.EXPIRED : Why.UNKNOWN);
  }

  /**
   * Fetches the key that a JWT is signed with, if it is not known: for a thread that may wait,
   * before {@link #authenticateAtOnce} on one that must not.
   */
  public void fetchKey(List<String> authorization) {
    if (jwts != null && authorization.size() == 1) {
      final String token = token(authorization.getFirst());
      final SignedJWT jwt = token == null ? null : parsed(token);
      if (jwt != null && !Tickets.isOne(jwt)) {
        jwts.fetchKey(jwt);
      }
    }
  }

  private Verdict signed(SignedJWT jwt, KeyWait wait) {
    if (Tickets.isOne(jwt)) {
      return verdict(tickets.verify(jwt), Kind.TICKET, saysItExpired(jwt));
    }
    return verdict(
        jwts == null ? Optional.empty() : jwts.verify(jwt, wait), Kind.JWT, saysItExpired(jwt));
  }

  /** Whether or not that is signed by anybody: no more depends on it than a count. */
  private boolean saysItExpired(SignedJWT jwt) {
    try {
      final Date expires = jwt.getJWTClaimsSet().getExpirationTime();
      return expires != null && !clock.instant().isBefore(expires.toInstant());
    } catch (ParseException e) {
      return false;
    }
  }

  private static @Nullable String token(String authorization) {
    return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? authorization.substring(SCHEME.length()).strip()
        : null;
  }

  private static @Nullable SignedJWT parsed(String token) {
    try {
      return SignedJWT.parse(token);
    } catch (ParseException e) {
      return null;
    }
  }
}

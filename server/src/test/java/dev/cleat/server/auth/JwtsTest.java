package dev.cleat.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.v1.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(Lifecycle.PER_CLASS)
class JwtsTest {
  private static final JwtRules RULES =
      new JwtRules("https://issuer.example", "cleat", "tenant", "sub", "role");

  private RSAKey rsa;
  private ECKey ec;
  private FakeTime time;
  private HttpServer endpoint;
  private final AtomicInteger fetches = new AtomicInteger();
  private volatile String published = "";

  @BeforeAll
  void makeKeys() throws Exception {
    rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
  }

  @BeforeEach
  void start() throws IOException {
    time = new FakeTime();
    fetches.set(0);
    endpoint = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    endpoint.createContext(
        "/keys",
        exchange -> {
          fetches.incrementAndGet();
          final byte[] body = published.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.length == 0 ? 503 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    endpoint.start();
  }

  @AfterEach
  void stop() {
    endpoint.stop(0);
  }

  private static String set(JWK... keys) {
    return new JWKSet(List.of(keys)).toPublicJWKSet().toString();
  }

  private Jwts ofFile(Path folder, JWK... keys) throws Exception {
    final Path file = Files.writeString(folder.resolve("keys.json"), set(keys));
    return new Jwts(RULES, JwtKeys.ofFile(file, time::nanoTime), time);
  }

  private Jwts ofEndpoint(Duration keep, Duration betweenFetches) {
    final URI uri =
        URI.create("http://127.0.0.1:%d/keys".formatted(endpoint.getAddress().getPort()));
    return new Jwts(
        RULES,
        JwtKeys.ofEndpoint(uri, keep, betweenFetches, Duration.ofMinutes(1)),
        InstantSource.system());
  }

  private JWTClaimsSet.Builder claims(Instant now) {
    return new JWTClaimsSet.Builder()
        .issuer("https://issuer.example")
        .audience(List.of("other", "cleat"))
        .subject("ann")
        .claim("tenant", "build")
        .claim("role", "writer")
        .expirationTime(Date.from(now.plusSeconds(60)));
  }

  private String jwt(Consumer<JWTClaimsSet.Builder> change) throws Exception {
    final JWTClaimsSet.Builder claims = claims(time.instant());
    change.accept(claims);
    return signed(JWSAlgorithm.RS256, "rsa", new RSASSASigner(rsa), claims);
  }

  private static String signed(
      JWSAlgorithm algorithm, String id, JWSSigner signer, JWTClaimsSet.Builder claims)
      throws Exception {
    final SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(algorithm).type(JOSEObjectType.JWT).keyID(id).build(),
            claims.build());
    jwt.sign(signer);
    return jwt.serialize();
  }

  private static Optional<Credential> verify(Jwts jwts, String text) throws ParseException {
    return jwts.verify(SignedJWT.parse(text), KeyWait.ALLOWED);
  }

  @Test
  void aJwtSaysWhoBearsIt(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa, ec);
    final Caller ann = new Caller("build", "ann", Role.ROLE_WRITER, null);
    final Credential expected = new Credential(ann, time.instant().plusSeconds(60));

    assertThat(verify(jwts, jwt(claims -> {}))).hasValue(expected);
    assertThat(
            verify(
                jwts,
                signed(JWSAlgorithm.PS512, "rsa", new RSASSASigner(rsa), claims(time.instant()))))
        .hasValue(expected);
    assertThat(
            verify(
                jwts,
                signed(JWSAlgorithm.ES256, "ec", new ECDSASigner(ec), claims(time.instant()))))
        .hasValue(expected);
  }

  @Test
  void whatIsNotForUsOrNotNowIsRefused(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa);
    final Instant now = time.instant();

    assertThat(verify(jwts, jwt(c -> c.audience("other")))).as("another audience").isEmpty();
    assertThat(verify(jwts, jwt(c -> c.audience((String) null)))).as("no audience").isEmpty();
    assertThat(verify(jwts, jwt(c -> c.issuer("https://evil.example")))).as("issuer").isEmpty();
    assertThat(verify(jwts, jwt(c -> c.issuer(null)))).as("no issuer").isEmpty();
    assertThat(verify(jwts, jwt(c -> c.expirationTime(null)))).as("never expires").isEmpty();
    assertThat(verify(jwts, jwt(c -> c.expirationTime(Date.from(now.minusSeconds(31))))))
        .as("expired")
        .isEmpty();
    assertThat(verify(jwts, jwt(c -> c.expirationTime(Date.from(now.minusSeconds(29))))))
        .as("within the skew of clocks")
        .isPresent();
    assertThat(verify(jwts, jwt(c -> c.notBeforeTime(Date.from(now.plusSeconds(31))))))
        .as("not yet")
        .isEmpty();
    assertThat(verify(jwts, jwt(c -> c.notBeforeTime(Date.from(now.plusSeconds(29))))))
        .as("within the skew of clocks")
        .isPresent();
  }

  @Test
  void whatDoesNotSayWhoIsRefused(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa);

    for (String claim : List.of("tenant", "sub", "role")) {
      assertThat(verify(jwts, jwt(c -> c.claim(claim, null)))).as("no " + claim).isEmpty();
      assertThat(verify(jwts, jwt(c -> c.claim(claim, "")))).as("empty " + claim).isEmpty();
      assertThat(verify(jwts, jwt(c -> c.claim(claim, List.of("a"))))).as("a list").isEmpty();
    }
    assertThat(verify(jwts, jwt(c -> c.claim("role", "root")))).isEmpty();
    assertThat(verify(jwts, jwt(c -> c.claim("role", "ADMIN")))).isEmpty();
    assertThat(verify(jwts, jwt(c -> c.claim("tenant", "../x")))).isEmpty();
    assertThat(verify(jwts, jwt(c -> c.subject("ticket:ann")))).isEmpty();
  }

  @Test
  void theAlgorithmIsOursToChoose(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa, ec);
    final JWTClaimsSet.Builder claims = claims(time.instant());

    // The public key as the secret of a symmetric algorithm, in every form there is.
    for (byte[] secret :
        List.of(
            rsa.toRSAPublicKey().getEncoded(),
            rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8),
            rsa.getModulus().decode())) {
      assertThat(verify(jwts, signed(JWSAlgorithm.HS256, "rsa", new MACSigner(secret), claims)))
          .isEmpty();
    }
    assertThatThrownBy(() -> SignedJWT.parse(new PlainJWT(claims.build()).serialize()))
        .as("an unsigned one is none")
        .isInstanceOf(ParseException.class);
    final String good = jwt(c -> {});
    final String unsigned = good.substring(0, good.lastIndexOf('.') + 1);
    assertThat(verify(jwts, unsigned + "AAAA")).isEmpty();
    final String rest = good.substring(good.indexOf('.'));
    final String none =
        com.nimbusds.jose.util.Base64URL.encode(
                "{\"alg\":\"%s\",\"kid\":\"rsa\"}".formatted(Algorithm.NONE.getName()))
            .toString();
    assertThatThrownBy(() -> SignedJWT.parse(none + rest)).isInstanceOf(ParseException.class);
  }

  @Test
  void anotherKeyIsRefusedAndSoIsTheTypeOfATicket(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa);
    final RSAKey other = new RSAKeyGenerator(2048).keyID("rsa").generate();
    final JWTClaimsSet.Builder claims = claims(time.instant());

    assertThat(verify(jwts, signed(JWSAlgorithm.RS256, "rsa", new RSASSASigner(other), claims)))
        .isEmpty();
    assertThat(verify(jwts, signed(JWSAlgorithm.RS256, "no", new RSASSASigner(rsa), claims)))
        .isEmpty();
    assertThat(verify(jwts, signed(JWSAlgorithm.ES256, "rsa", new ECDSASigner(ec), claims)))
        .isEmpty();
    // A key in the header of the JWT itself is nobody's.
    final SignedJWT own =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).jwk(other.toPublicJWK()).build(),
            claims.build());
    own.sign(new RSASSASigner(other));
    assertThat(verify(jwts, own.serialize())).isEmpty();
    final SignedJWT typed =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .type(new JOSEObjectType("cleat-ticket+jwt"))
                .keyID("rsa")
                .build(),
            claims.build());
    typed.sign(new RSASSASigner(rsa));
    assertThat(verify(jwts, typed.serialize())).isEmpty();
  }

  @Test
  void aFileOfKeysIsReadAgainAndAMistakeKeepsWhatWasGood(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa);
    final String old = jwt(c -> {});
    final JWTClaimsSet.Builder claims = claims(time.instant());
    final String young = signed(JWSAlgorithm.ES256, "ec", new ECDSASigner(ec), claims);
    assertThat(verify(jwts, young)).isEmpty();

    Files.writeString(folder.resolve("keys.json"), set(ec));
    time.pass(Duration.ofSeconds(2));
    assertThat(verify(jwts, young)).isPresent();
    assertThat(verify(jwts, old)).isEmpty();

    Files.writeString(folder.resolve("keys.json"), "{");
    time.pass(Duration.ofSeconds(2));
    assertThat(verify(jwts, young)).isPresent();
  }

  @Test
  void oneThatWasGoodAMomentAgoIsNotGoodForEver(@TempDir Path folder) throws Exception {
    final Jwts jwts = ofFile(folder, rsa);
    final String jwt = jwt(claims -> {});
    assertThat(verify(jwts, jwt)).isPresent();
    assertThat(verify(jwts, jwt)).isPresent();

    final String forged = jwt.substring(0, jwt.lastIndexOf('.') + 1) + "AAAA";
    assertThat(verify(jwts, forged)).isEmpty();
    time.pass(Duration.ofSeconds(89));
    assertThat(verify(jwts, jwt)).as("within the skew of clocks").isPresent();
    time.pass(Duration.ofSeconds(2));
    assertThat(verify(jwts, jwt)).as("expired").isEmpty();
  }

  @Test
  void aFileWithAPrivateKeyIsAMistake(@TempDir Path folder) throws Exception {
    final Path file = folder.resolve("keys.json");
    final JWK secret = new OctetSequenceKey.Builder(new byte[32]).keyID("secret").build();

    for (JWK key : List.of(rsa, secret)) {
      Files.writeString(file, new JWKSet(key).toString(false));
      assertThatThrownBy(() -> JwtKeys.ofFile(file, time::nanoTime))
          .isInstanceOf(WrongFileException.class)
          .hasMessageContaining("keys[0]: is private");
    }
    Files.writeString(file, "{\"keys\": []}");
    assertThatThrownBy(() -> JwtKeys.ofFile(file, time::nanoTime))
        .hasMessageContaining("keys: must not be empty");
    Files.writeString(file, "nonsense");
    assertThatThrownBy(() -> JwtKeys.ofFile(file, time::nanoTime))
        .hasMessageContaining("is not a JWKS");
  }

  @Test
  void aKeyThatIsNotKnownIsFetchedAndKeptWhenTheEndpointIsAway() throws Exception {
    final Jwts jwts = ofEndpoint(Duration.ofMillis(50), Duration.ofMillis(1));
    final String old =
        signed(JWSAlgorithm.RS256, "rsa", new RSASSASigner(rsa), claims(Instant.now()));
    final String young =
        signed(JWSAlgorithm.ES256, "ec", new ECDSASigner(ec), claims(Instant.now()));
    assertThat(verify(jwts, old)).as("the endpoint is away").isEmpty();

    published = set(rsa);
    Awaitility.await().until(() -> verify(jwts, old).isPresent());
    published = set(ec);
    Awaitility.await().until(() -> verify(jwts, young).isPresent());
    Awaitility.await().until(() -> verify(jwts, old).isEmpty());

    endpoint.stop(0);
    final Instant later = Instant.now().plusMillis(200);
    Awaitility.await()
        .until(() -> {
          assertThat(verify(jwts, young)).isPresent();
          return Instant.now().isAfter(later);
        });
  }

  @Test
  void keysThatNobodyKnowsAreNotFetchedOften() throws Exception {
    published = set(rsa);
    final Jwts jwts = ofEndpoint(Duration.ofMinutes(5), Duration.ofMinutes(4));
    final JWTClaimsSet.Builder claims = claims(Instant.now());
    final String good = signed(JWSAlgorithm.RS256, "rsa", new RSASSASigner(rsa), claims);
    assertThat(verify(jwts, good)).isPresent();

    for (int i = 0; i < 100; i++) {
      final String odd = signed(JWSAlgorithm.ES256, "odd-" + i, new ECDSASigner(ec), claims);
      assertThat(verify(jwts, odd)).isEmpty();
    }

    assertThat(fetches).hasValueLessThanOrEqualTo(2);
    assertThat(verify(jwts, good)).as("others are not hindered").isPresent();
  }

  @Test
  void whoMayNotWaitIsJudgedByTheKeysThatAreKnown() throws Exception {
    published = set(rsa);
    final Jwts jwts = ofEndpoint(Duration.ofMinutes(5), Duration.ofMillis(1));
    final SignedJWT jwt =
        SignedJWT.parse(
            signed(JWSAlgorithm.RS256, "rsa", new RSASSASigner(rsa), claims(Instant.now())));

    assertThat(jwts.verify(jwt, KeyWait.NONE)).isEmpty();
    assertThat(fetches).hasValue(0);
    jwts.fetchKey(jwt);
    assertThat(fetches).hasValue(1);
    assertThat(jwts.verify(jwt, KeyWait.NONE)).isPresent();
    jwts.fetchKey(jwt);
    assertThat(fetches).hasValue(1);
  }
}

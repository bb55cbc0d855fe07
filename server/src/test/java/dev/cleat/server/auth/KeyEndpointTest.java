package dev.cleat.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.v1.Role;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An endpoint of keys that does what it should not. Each of them would wait or read for ever. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeyEndpointTest {
  private static final long A_LOT = 100L << 20;
  private static final Duration BRIEFLY = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final CountDownLatch over = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  @TempDir Path folder;
  private HttpServer server;
  private ECKey key;

  @BeforeEach
  void start() throws Exception {
    key = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private URI serve(String path, HttpHandler handler) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            handler.handle(exchange);
          }
        });
    return URI.create("http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path));
  }

  private static JwtKeys keys(URI endpoint, Duration patience) {
    return JwtKeys.ofEndpoint(endpoint, Duration.ofMinutes(5), Duration.ofMillis(1), patience);
  }

  private static JWKSelector any() {
    return new JWKSelector(new JWKMatcher.Builder().build());
  }

  private static void assertNone(JwtKeys keys) {
    assertThatThrownBy(() -> keys.get(any(), KeyWait.ALLOWED))
        .isInstanceOf(KeySourceException.class);
    assertThat(keys.known().isEmpty()).isTrue();
  }

  private void holdOn() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(HttpExchange exchange, int status, String body) throws IOException {
    exchange.sendResponseHeaders(status, body.length());
    exchange.getResponseBody().write(body.getBytes(UTF_8));
  }

  private String published() {
    return new JWKSet(key).toString();
  }

  @Test
  void aGoodOneIsTaken() throws Exception {
    final JwtKeys keys = keys(serve("/keys", exchange -> send(exchange, 200, published())), LONG);
    assertThat(keys.get(any(), KeyWait.ALLOWED)).containsExactly(key.toPublicJWK());
  }

  @Test
  void oneThatDoesNotAnswerIsGivenUp() {
    assertNone(keys(serve("/keys", exchange -> holdOn()), BRIEFLY));
  }

  @Test
  void oneThatSendsAByteNowAndThenIsGivenUp() {
    final URI slow =
        serve(
            "/keys",
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              final OutputStream body = exchange.getResponseBody();
              try {
                while (!over.await(20, TimeUnit.MILLISECONDS)) {
                  body.write(' ');
                  body.flush();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertNone(keys(slow, BRIEFLY));
  }

  @Test
  void oneThatSendsALotIsCutOff() throws Exception {
    final AtomicLong sent = new AtomicLong();
    final CompletableFuture<Void> cut = new CompletableFuture<>();
    final URI large =
        serve(
            "/keys",
            exchange -> {
              exchange.sendResponseHeaders(200, A_LOT);
              final byte[] spaces = " ".repeat(64 << 10).getBytes(UTF_8);
              try {
                while (sent.get() < A_LOT) {
                  exchange.getResponseBody().write(spaces);
                  sent.addAndGet(spaces.length);
                }
              } finally {
                cut.complete(null);
              }
            });
    assertNone(keys(large, LONG));
    cut.get(60, TimeUnit.SECONDS);
    assertThat(sent).hasValueLessThan(A_LOT);
  }

  @Test
  void oneThatPointsElsewhereIsNotFollowed() {
    final AtomicInteger followed = new AtomicInteger();
    final URI elsewhere =
        serve(
            "/elsewhere",
            exchange -> {
              followed.incrementAndGet();
              send(exchange, 200, published());
            });
    final URI moved =
        serve(
            "/keys",
            exchange -> {
              exchange.getResponseHeaders().set("Location", elsewhere.toString());
              exchange.sendResponseHeaders(302, -1);
            });
    assertNone(keys(moved, LONG));
    assertThat(followed).hasValue(0);
  }

  @Test
  void oneThatSendsSomethingElseIsNotBelieved() {
    for (String wrong :
        new String[] {"<html>keys</html>", "[]", "{\"keys\": 1}", "{\"key\": []}"}) {
      final URI odd = serve("/odd-" + wrong.hashCode(), exchange -> send(exchange, 200, wrong));
      assertNone(keys(odd, LONG));
    }
  }

  @Test
  void callsWithOtherCredentialsDoNotWaitForIt() throws Exception {
    final CountDownLatch asked = new CountDownLatch(1);
    final URI silent =
        serve(
            "/keys",
            exchange -> {
              asked.countDown();
              holdOn();
            });
    final InstantSource clock = InstantSource.system();
    final Tickets tickets =
        Tickets.create(folder.resolve("ticket-keys"), (tenant, session, run) -> true, clock);
    final Authenticator authenticator =
        new Authenticator(
            new WatchedFile<>("the tokens", tokens(), TokenFile::read, System::nanoTime),
            new Jwts(
                new JwtRules("https://issuer.example", "cleat", "tenant", "sub", "role"),
                keys(silent, Duration.ofMinutes(10)),
                clock),
            tickets,
            null,
            true,
            clock);
    final List<String> jwt = List.of("Bearer " + jwt());
    final var waiting = threads.submit(() -> authenticator.authenticate(jwt, null));
    assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();

    final Caller ann = new Caller("build", "ann", Role.ROLE_OWNER, null);
    final String ticket =
        tickets.issue(ann, "s-1", 1, Role.ROLE_VIEWER, Duration.ofMinutes(5)).text();
    for (List<String> other :
        List.of(List.of("Bearer secret-a"), List.of("Bearer " + ticket), List.<String>of())) {
      assertThat(authenticator.authenticate(other, null)).isInstanceOf(Verdict.Valid.class);
    }
    assertThat(authenticator.authenticateAtOnce(jwt, null)).isInstanceOf(Verdict.Invalid.class);
    assertThat(waiting).isNotDone();
  }

  private Path tokens() throws Exception {
    final String hash =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest("secret-a".getBytes(UTF_8)));
    return Files.writeString(
        folder.resolve("tokens.yaml"),
        "tokens:\n  - {name: ann, tenant: build, role: owner, sha256: \"%s\"}\n".formatted(hash));
  }

  private String jwt() throws Exception {
    final SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).keyID("ec").build(),
            new JWTClaimsSet.Builder().subject("ann").build());
    jwt.sign(new ECDSASigner(key));
    return jwt.serialize();
  }
}

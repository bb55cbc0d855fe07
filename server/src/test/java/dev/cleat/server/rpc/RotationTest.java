package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.cleat.testing.Authority;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.WhoAmIRequest;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that says who calls is exchanged again and again while clients read. */
@Order(1)
class RotationTest {
  private static final int ROTATIONS = 20;

  @TempDir Path folder;
  private final List<ManagedChannel> channels = new ArrayList<>();

  /** What an endpoint of keys answers. */
  private volatile String published = "";

  /** The tokens of one time; its certificates are in files with its number. */
  private record Generation(int number, String token, String jwt) {}

  /** A reader that counts, and notices what it must not. */
  private static final class Reader implements StreamObserver<AttachResponse> {
    private long last;
    private boolean broken;
    private @Nullable Throwable end;

    @Override
    public synchronized void onNext(AttachResponse response) {
      response
          .getEvents()
          .getEventsList()
          .forEach(event -> {
            broken |= event.getSeq() != last + 1;
            last = event.getSeq();
          });
    }

    @Override
    public synchronized void onError(Throwable cause) {
      end = cause;
    }

    @Override
    public synchronized void onCompleted() {
      end = new IllegalStateException("completed");
    }

    synchronized long last() {
      assertThat(end).as("the stream goes on").isNull();
      assertThat(broken).as("without a hole").isFalse();
      return last;
    }
  }

  @AfterEach
  void disconnect() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  /** New ones of everything, in place of the old ones. */
  private Generation rotate(int number) throws Exception {
    final Authority servers = Authority.create();
    final Authority clients = Authority.create();
    servers.write(file(number + "-servers.pem"));
    clients
        .client("O=default, CN=certified-%d, OU=admin".formatted(number))
        .write(file(number + ".pem"), file(number + ".key"));
    servers.server().write(file("server.pem"), file("server.key"));
    clients.write(file("clients.pem"));
    final String token = "token-" + number;
    Bearer.write(
        file("tokens.yaml"),
        "tokens:\n" + Bearer.entry("listed-" + number, "default", "admin", token, ""));
    final ECKey key = new ECKeyGenerator(Curve.P_256).keyID("key-" + number).generate();
    Bearer.write(file("keys.json"), new JWKSet(key.toPublicJWK()).toString());
    final byte[] secret = "%032d".formatted(number).getBytes(StandardCharsets.US_ASCII);
    Bearer.write(
        file("tickets.yaml"),
        "keys: [{id: key-%d, secret: \"%s\"}]"
            .formatted(number, Base64.getEncoder().encodeToString(secret)));
    return new Generation(number, token, jwt(number, key));
  }

  private static String jwt(int number, ECKey key) throws Exception {
    final SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer("issuer")
                .audience("cleat")
                .subject("signed-" + number)
                .claim("tenant", "default")
                .claim("role", "admin")
                .expirationTime(Date.from(Instant.now().plusSeconds(3_600)))
                .build());
    jwt.sign(new ECDSASigner(key));
    return jwt.serialize();
  }

  private TestServer server() throws Exception {
    final Map<String, String> settings =
        Map.of(
            "tls.cert", "server.pem",
            "tls.key", "server.key",
            "tls.client_ca", "clients.pem",
            "auth.tokens", "tokens.yaml",
            "auth.jwt_keys", "keys.json",
            "auth.ticket_keys", "tickets.yaml");
    final Map<String, String> all = new HashMap<>();
    settings.forEach((name, value) -> all.put(name, file(value).toString()));
    all.put("auth.jwt_issuer", "issuer");
    all.put("auth.jwt_audience", "cleat");
    return TestServer.start(folder.resolve("data"), all);
  }

  /** Over a connection of its own. */
  private Channel connect(TestServer server, int trusting, @Nullable Integer certificate)
      throws Exception {
    final TlsChannelCredentials.Builder tls =
        TlsChannelCredentials.newBuilder().trustManager(file(trusting + "-servers.pem").toFile());
    if (certificate != null) {
      tls.keyManager(file(certificate + ".pem").toFile(), file(certificate + ".key").toFile());
    }
    final ManagedChannel channel = server.connect(tls.build());
    channels.add(channel);
    return channel;
  }

  /** Who calls, or the code of the refusal. */
  private static String who(Channel channel) {
    try {
      return AccessServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(30, TimeUnit.SECONDS)
          .whoAmI(WhoAmIRequest.getDefaultInstance())
          .getSubject();
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode().name();
    }
  }

  private static String ticket(Channel channel, String session) {
    return AccessServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .createTicket(
            CreateTicketRequest.newBuilder()
                .setSessionId(session)
                .setRole(Role.ROLE_VIEWER)
                .setTtl(Duration.newBuilder().setSeconds(3_600))
                .build())
        .getTicket();
  }

  private static Reader read(Channel channel, String session) {
    final Reader reader = new Reader();
    SessionServiceGrpc.newStub(channel)
        .attach(reader)
        .onNext(
            AttachRequest.newBuilder()
                .setOpen(AttachOpen.newBuilder().setSessionId(session))
                .build());
    return reader;
  }

  private static void soon(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .pollInterval(java.time.Duration.ofMillis(200))
        .until(condition);
  }

  @Test
  void noStreamIsDroppedAndTheOldOnesAreRefused() throws Exception {
    Generation last = rotate(0);
    try (TestServer server = server()) {
      Channel certified = connect(server, 0, 0);
      Channel plain = connect(server, 0, null);
      final String session = printing(Bearer.token(plain, last.token));
      String ticket = ticket(certified, session);
      final List<Reader> readers = new ArrayList<>();
      readers.add(read(Bearer.token(plain, last.token), session));
      readers.add(read(Bearer.token(plain, last.jwt), session));
      readers.add(read(Bearer.token(plain, ticket), session));
      readers.add(read(certified, session));
      assertTheyRead(readers);
      for (int number = 1; number <= ROTATIONS; number++) {
        final Generation next = rotate(number);
        plain = connectAnew(server, number);
        assertTaken(server, plain, next, session);
        assertRefused(server, plain, certified, last, ticket);
        certified = connect(server, number, number);
        ticket = ticket(certified, session);
        readers.add(read(certified, session));
        assertTheyRead(readers);
        last = next;
      }
    }
  }

  /** An endpoint is asked for a key that is not known, and no more than twice in some seconds. */
  @Test
  void aReaderGoesOnWhoseKeyIsNoLongerAtItsEndpoint() throws Exception {
    final HttpServer endpoint =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    endpoint.createContext(
        "/keys",
        exchange -> {
          final byte[] body = published.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    endpoint.start();
    try (TestServer server =
        TestServer.start(
            folder.resolve("data"),
            Map.of(
                "auth.jwt_keys",
                "http://127.0.0.1:%d/keys".formatted(endpoint.getAddress().getPort()),
                "auth.jwt_issuer",
                "issuer",
                "auth.jwt_audience",
                "cleat"))) {
      final ECKey old = publish(1);
      final Channel before = Bearer.token(server.channel(), jwt(1, old));
      soon(() -> who(before).equals("signed-1"));
      final String session = printing(before);
      final List<Reader> readers = new ArrayList<>(List.of(read(before, session)));
      assertTheyRead(readers);

      final ECKey young = publish(2);
      final Channel after = Bearer.token(server.channel(), jwt(2, young));
      soon(() -> who(after).equals("signed-2"));
      soon(() -> who(before).equals("UNAUTHENTICATED"));
      readers.add(read(after, session));
      assertTheyRead(readers);
    } finally {
      endpoint.stop(0);
    }
  }

  /** A new key in place of the one that is there. */
  private ECKey publish(int number) throws Exception {
    final ECKey key = new ECKeyGenerator(Curve.P_256).keyID("key-" + number).generate();
    published = new JWKSet(key.toPublicJWK()).toString();
    return key;
  }

  private static String printing(Channel channel) {
    return SessionServiceGrpc.newBlockingStub(channel)
        .create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addAllArgs(List.of("-c", "while :; do echo a line; sleep 0.1; done"))
                .build())
        .getSession()
        .getId();
  }

  /** As soon as the server has its new certificate. */
  private Channel connectAnew(TestServer server, int number) throws Exception {
    soon(() -> !who(connect(server, number, null)).equals("UNAVAILABLE"));
    return connect(server, number, null);
  }

  private void assertTaken(TestServer server, Channel plain, Generation next, String session)
      throws Exception {
    final int number = next.number;
    soon(() -> who(Bearer.token(plain, next.token)).equals("listed-" + number));
    soon(() -> who(Bearer.token(plain, next.jwt)).equals("signed-" + number));
    soon(() -> who(connect(server, number, number)).equals("certified-" + number));
    // Each file is read at a moment of its own: until the keys are, the old one signs.
    final Channel caller = Bearer.token(plain, next.token);
    soon(() -> who(Bearer.token(plain, ticket(caller, session))).equals("ticket:listed-" + number));
  }

  private void assertRefused(
      TestServer server, Channel plain, Channel certified, Generation last, String ticket)
      throws Exception {
    soon(() -> who(Bearer.token(plain, last.token)).equals("UNAUTHENTICATED"));
    soon(() -> who(Bearer.token(plain, last.jwt)).equals("UNAUTHENTICATED"));
    soon(() -> who(Bearer.token(plain, ticket)).equals("UNAUTHENTICATED"));
    // The connection of before, which lives on for its streams.
    soon(() -> who(certified).equals("UNAUTHENTICATED"));
    assertThat(who(connect(server, last.number + 1, last.number)))
        .as("a connection with the old client certificate")
        .isEqualTo("UNAVAILABLE");
    assertThat(who(connect(server, last.number, null)))
        .as("a client that trusts the old server certificate only")
        .isEqualTo("UNAVAILABLE");
  }

  private static void assertTheyRead(List<Reader> readers) {
    for (Reader reader : readers) {
      final long before = reader.last();
      soon(() -> reader.last() > before);
    }
  }
}

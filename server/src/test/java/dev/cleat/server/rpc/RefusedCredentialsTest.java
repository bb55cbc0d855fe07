package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.testing.Authority;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.WhoAmIRequest;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each call of the contract with each credential that is none: missing, wrong, expired or revoked.
 * All are refused in the same words, before anything of the call is read.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusedCredentialsTest {
  private static final String ANN = "O=default, CN=ann, OU=admin";
  private static final Metadata.Key<String> CHALLENGE =
      Metadata.Key.of("www-authenticate", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Map<String, Channel> credentials = new LinkedHashMap<>();

  /** Those that end with the connection. */
  private final Map<String, Channel> certificates = new LinkedHashMap<>();

  private final List<ManagedChannel> channels = new ArrayList<>();
  private Path folder;
  private TestServer server;
  private Authority clients;
  private Channel plain;
  private ECKey key;

  @BeforeAll
  void start(@TempDir Path where) throws Exception {
    folder = where;
    writeTokens("secret-revoked");
    key = key("a");
    final ECKey gone = key("gone");
    writeKeys(key, gone);
    writeTicketKey("old");
    clients = Authority.create();
    final Authority withdrawn = Authority.create();
    clients.write(file("clients.pem"), withdrawn);
    server = server();
    plain = connect(null);
    credentials.put("none", plain);
    credentials.put("wrong token", bearer("secret"));
    credentials.put("expired token", bearer("secret-expired"));
    credentials.put("wrong scheme", Bearer.with(plain, "Basic c2VjcmV0LWE="));
    credentials.put("JWT of another key", bearer(jwt(key("a"), 3_600)));
    credentials.put("expired JWT", bearer(jwt(key, -3_600)));
    credentials.put("certificate that names nobody", connect(clients.client("CN=ann")));
    revoked(gone, connect(withdrawn.client(ANN)));
    assertThat(isIn(bearer(jwt(key, 3_600)))).isTrue();
    assertThat(isIn(connect(clients.client(ANN)))).isTrue();
    certificates.put(
        "expired certificate", connect(clients.client(Instant.now().minusSeconds(60), ANN)));
    certificates.put("certificate of another authority", connect(Authority.create().client(ANN)));
    certificates.put("certificate of an authority of before", connect(withdrawn.client(ANN)));
  }

  @AfterAll
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    server.close();
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private TestServer server() throws Exception {
    final Authority servers = Authority.create();
    servers.server().write(file("server.pem"), file("server.key"));
    servers.write(file("servers.pem"));
    final Map<String, String> settings = new HashMap<>();
    settings.put("tls.cert", "server.pem");
    settings.put("tls.key", "server.key");
    settings.put("tls.client_ca", "clients.pem");
    settings.put("auth.tokens", "tokens.yaml");
    settings.put("auth.jwt_keys", "keys.json");
    settings.put("auth.ticket_keys", "tickets.yaml");
    settings.replaceAll((_, name) -> file(name).toString());
    settings.put("auth.jwt_issuer", "issuer");
    settings.put("auth.jwt_audience", "cleat");
    return TestServer.start(file("data"), settings);
  }

  /** Over a connection of its own. */
  private Channel connect(Authority.@Nullable Identity identity) throws Exception {
    final TlsChannelCredentials.Builder tls =
        TlsChannelCredentials.newBuilder().trustManager(file("servers.pem").toFile());
    if (identity != null) {
      identity.write(file("client.pem"), file("client.key"));
      tls.keyManager(file("client.pem").toFile(), file("client.key").toFile());
    }
    final ManagedChannel channel = server.connect(tls.build());
    channels.add(channel);
    return channel;
  }

  private static ECKey key(String id) throws Exception {
    return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
  }

  private void writeKeys(JWK... keys) throws Exception {
    Bearer.write(file("keys.json"), new JWKSet(List.of(keys)).toPublicJWKSet().toString());
  }

  private void writeTicketKey(String id) throws Exception {
    final byte[] secret = "%32s".formatted(id).getBytes(StandardCharsets.US_ASCII);
    Bearer.write(
        file("tickets.yaml"),
        "keys: [{id: %s, secret: \"%s\"}]"
            .formatted(id, Base64.getEncoder().encodeToString(secret)));
  }

  private void writeTokens(String alsoThere) throws Exception {
    Bearer.write(
        file("tokens.yaml"),
        "tokens:\n"
            + Bearer.entry("ann", "default", "admin", "secret-a", "")
            + Bearer.entry(
                "old", "default", "admin", "secret-expired", ", expires: 2020-01-01T00:00:00Z")
            + Bearer.entry("rob", "default", "admin", alsoThere, ""));
  }

  /**
   * What was good, and is no longer.
   *
   * @param gone a key of JWTs that will not be there
   * @param certified a caller whose authority will not be trusted
   */
  private void revoked(ECKey gone, Channel certified) throws Exception {
    final Map<String, Channel> taken = new LinkedHashMap<>();
    taken.put("revoked token", bearer("secret-revoked"));
    taken.put("JWT whose key is gone", bearer(jwt(gone, 3_600)));
    taken.put("ticket whose key is gone", bearer(ticket("another", 900)));
    taken.put("certificate of an authority that is withdrawn", certified);
    taken.forEach((name, channel) -> assertThat(isIn(channel)).as(name).isTrue());
    writeTokens("secret-of-another");
    writeKeys(key);
    writeTicketKey("young");
    clients.write(file("clients.pem"));
    taken.forEach((name, channel) -> await(name).until(() -> !isIn(channel)));
    credentials.putAll(taken);

    final Channel ended = bearer(ticket("ended", 900));
    final Channel expired = bearer(ticket("expired", 1));
    assertThat(isIn(ended)).isTrue();
    final var _ =
        SessionServiceGrpc.newBlockingStub(bearer("secret-a"))
            .stop(StopRequest.newBuilder().setName("ended").build());
    await().until(() -> !isIn(expired));
    credentials.put("ticket of a session that has ended", ended);
    credentials.put("expired ticket", expired);
  }

  private String ticket(String session, int seconds) {
    final Channel owner = bearer("secret-a");
    final var _ =
        SessionServiceGrpc.newBlockingStub(owner)
            .create(CreateRequest.newBuilder().setTool("sh").setName(session).build());
    return AccessServiceGrpc.newBlockingStub(owner)
        .createTicket(
            CreateTicketRequest.newBuilder()
                .setName(session)
                .setRole(Role.ROLE_OWNER)
                .setTtl(com.google.protobuf.Duration.newBuilder().setSeconds(seconds))
                .build())
        .getTicket();
  }

  private static String jwt(ECKey by, long seconds) throws Exception {
    final SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(by.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer("issuer")
                .audience("cleat")
                .subject("signed")
                .claim("tenant", "default")
                .claim("role", "admin")
                .expirationTime(Date.from(Instant.now().plusSeconds(seconds)))
                .build());
    jwt.sign(new ECDSASigner(by));
    return jwt.serialize();
  }

  private Channel bearer(String token) {
    return Bearer.token(plain, token);
  }

  private static boolean isIn(Channel channel) {
    try {
      final var _ =
          AccessServiceGrpc.newBlockingStub(channel).whoAmI(WhoAmIRequest.getDefaultInstance());
      return true;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
      return false;
    }
  }

  static Stream<Contract.Call> calls() {
    return Contract.calls().stream();
  }

  @ParameterizedTest
  @MethodSource("calls")
  void everyCallIsRefusedInTheSameWords(Contract.Call call) throws Exception {
    final Ended none = Ended.of(plain, call.rpc());
    for (Map.Entry<String, Channel> credential : credentials.entrySet()) {
      final Ended ended = Ended.of(credential.getValue(), call.rpc());
      assertThat(ended.status().getCode())
          .as(credential.getKey())
          .isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(ended.status().getDescription())
          .as(credential.getKey())
          .isEqualTo(none.status().getDescription());
      assertThat(ended.trailers().get(DETAILS))
          .as(credential.getKey())
          .isEqualTo(none.trailers().get(DETAILS));
      assertThat(ended.trailers().get(CHALLENGE)).isEqualTo("Bearer");
    }
    Refused.of(new StatusRuntimeException(none.status(), none.trailers()))
        .with(Status.Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNAUTHENTICATED);
  }

  /** Who holds one has no connection, so that no call says anything of the server's. */
  @ParameterizedTest
  @MethodSource("calls")
  void noCallComesToTheServerWithACertificateThatIsNotTrusted(Contract.Call call) throws Exception {
    for (Map.Entry<String, Channel> certificate : certificates.entrySet()) {
      final Ended ended = Ended.of(certificate.getValue(), call.rpc());
      assertThat(ended.status().getCode())
          .as(certificate.getKey())
          .isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(ended.trailers().containsKey(DETAILS)).as(certificate.getKey()).isFalse();
    }
  }
}

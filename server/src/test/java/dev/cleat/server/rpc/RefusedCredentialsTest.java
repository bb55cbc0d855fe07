package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.WhoAmIRequest;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
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
  private static final Metadata.Key<String> CHALLENGE =
      Metadata.Key.of("www-authenticate", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Map<String, Channel> credentials = new LinkedHashMap<>();
  private TestServer server;
  private Path tokens;
  private ECKey key;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    tokens = folder.resolve("tokens.yaml");
    writeTokens("secret-revoked");
    key = new ECKeyGenerator(Curve.P_256).keyID("a").generate();
    final Path keys =
        Bearer.write(folder.resolve("keys.json"), new JWKSet(key.toPublicJWK()).toString());
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of(
                "auth.tokens",
                tokens.toString(),
                "auth.jwt_keys",
                keys.toString(),
                "auth.jwt_issuer",
                "issuer",
                "auth.jwt_audience",
                "cleat"));
    credentials.put("none", server.channel());
    credentials.put("wrong token", bearer("secret"));
    credentials.put("expired token", bearer("secret-expired"));
    credentials.put("wrong scheme", Bearer.with(server.channel(), "Basic c2VjcmV0LWE="));
    credentials.put("JWT of another key", bearer(jwt(stranger(), 3_600)));
    credentials.put("expired JWT", bearer(jwt(key, -3_600)));
    assertThat(isIn(bearer(jwt(key, 3_600)))).isTrue();
    revoked();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static ECKey stranger() throws Exception {
    return new ECKeyGenerator(Curve.P_256).keyID("a").generate();
  }

  private void writeTokens(String alsoThere) throws Exception {
    Bearer.write(
        tokens,
        "tokens:\n"
            + Bearer.entry("ann", "default", "admin", "secret-a", "")
            + Bearer.entry(
                "old", "default", "admin", "secret-expired", ", expires: 2020-01-01T00:00:00Z")
            + Bearer.entry("rob", "default", "admin", alsoThere, ""));
  }

  /** What was good, and is no longer. */
  private void revoked() throws Exception {
    final Channel token = bearer("secret-revoked");
    final Channel ended = bearer(ticket("ended", 900));
    final Channel expired = bearer(ticket("expired", 1));
    assertThat(isIn(token)).isTrue();
    assertThat(isIn(ended)).isTrue();
    writeTokens("secret-of-another");
    await().atMost(Duration.ofSeconds(60)).until(() -> !isIn(token));
    final var _ =
        SessionServiceGrpc.newBlockingStub(bearer("secret-a"))
            .stop(StopRequest.newBuilder().setName("ended").build());
    await().atMost(Duration.ofSeconds(60)).until(() -> !isIn(expired));
    credentials.put("revoked token", token);
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
    return Bearer.token(server.channel(), token);
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
    final Ended none = Ended.of(server.channel(), call.rpc());
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
}

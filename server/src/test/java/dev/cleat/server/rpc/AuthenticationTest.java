package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.AccessServiceGrpc.AccessServiceBlockingStub;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import dev.cleat.v1.WhoAmIRequest;
import dev.cleat.v1.WhoAmIResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.channelz.v1.GetServersRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, over a real connection. */
class AuthenticationTest {
  @TempDir Path folder;

  private TestServer withTokens(String... more) throws Exception {
    final Path tokens =
        Bearer.write(
            folder.resolve("tokens.yaml"),
            "tokens:\n"
                + Bearer.entry("ann", "build", "admin", "secret-a", "")
                + Bearer.entry("vic", "build", "viewer", "secret-v", "")
                + Bearer.entry(
                    "old", "build", "admin", "secret-o", ", expires: 2020-01-01T00:00:00Z")
                + Bearer.entry(
                    "new", "build", "owner", "secret-n", ", expires: 2100-01-01T00:00:00Z"));
    final Map<String, String> settings = new HashMap<>(Map.of("auth.tokens", tokens.toString()));
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return TestServer.start(folder.resolve("data"), settings);
  }

  private static AccessServiceBlockingStub access(Channel channel) {
    return AccessServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private static WhoAmIResponse whoAmI(Channel channel) {
    return access(channel).whoAmI(WhoAmIRequest.getDefaultInstance());
  }

  private static Refused unauthenticated(ThrowingCallable call) {
    return Refused.by(call)
        .with(Status.Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNAUTHENTICATED);
  }

  @Test
  void withoutASourceOfIdentityEverybodyIsAnAdministrator() throws Exception {
    try (TestServer server = TestServer.start(folder.resolve("data"))) {
      assertThat(whoAmI(server.channel()))
          .isEqualTo(
              WhoAmIResponse.newBuilder()
                  .setTenant("default")
                  .setSubject("anonymous")
                  .setRole(Role.ROLE_ADMIN)
                  .build());
      assertThat(reflects(server.channel())).isEqualTo(Status.Code.OK);
      unauthenticated(() -> whoAmI(Bearer.token(server.channel(), "made up")));
    }
  }

  @Test
  void aTokenSaysWhoCalls() throws Exception {
    try (TestServer server = withTokens()) {
      final WhoAmIResponse ann = whoAmI(Bearer.token(server.channel(), "secret-a"));
      assertThat(ann)
          .isEqualTo(
              WhoAmIResponse.newBuilder()
                  .setTenant("build")
                  .setSubject("ann")
                  .setRole(Role.ROLE_ADMIN)
                  .build());
      assertThat(whoAmI(Bearer.with(server.channel(), "bearer   secret-v")).getSubject())
          .isEqualTo("vic");
      final WhoAmIResponse timed = whoAmI(Bearer.token(server.channel(), "secret-n"));
      assertThat(timed.getExpireTime().getSeconds()).isEqualTo(4_102_444_800L);
    }
  }

  @Test
  void whateverIsWrongWithACredentialTheAnswerIsTheSame() throws Exception {
    try (TestServer server = withTokens()) {
      final Channel channel = server.channel();
      final String none = unauthenticated(() -> whoAmI(channel)).message();
      for (Channel wrong :
          List.of(
              Bearer.token(channel, "secret"),
              Bearer.token(channel, "secret-o"),
              Bearer.token(channel, ""),
              Bearer.token(channel, "a.b.c"),
              Bearer.token(channel, "eyJhbGciOiJub25lIn0.e30."),
              Bearer.with(channel, "Basic c2VjcmV0LWE="),
              Bearer.with(channel, "secret-a"),
              Bearer.with(channel, "Bearer secret-a", "Bearer secret-a"))) {
        assertThat(unauthenticated(() -> whoAmI(wrong)).message()).isEqualTo(none);
      }
    }
  }

  @Test
  void whatIsWrongWithACredentialIsCounted() throws Exception {
    try (TestServer server = withTokens("admin.listen", "127.0.0.1:0")) {
      final Channel channel = server.channel();
      final Map<String, Double> expected = new HashMap<>();
      expected.put(failure("none", "missing"), 1.0);
      expected.put(failure("token", "unknown"), 2.0);
      expected.put(failure("token", "expired"), 1.0);
      expected.put(failure("token", "malformed"), 2.0);
      expected.put(failure("jwt", "invalid"), 1.0);
      expected.put(failure("jwt", "expired"), 1.0);
      expected.put(failure("ticket", "invalid"), 1.0);
      expected.put(failure("ticket", "expired"), 0.0);
      expected.put(failure("certificate", "invalid"), 0.0);
      expected.put(failure("certificate", "expired"), 0.0);
      assertThat(whoAmI(Bearer.token(channel, "secret-a")).getSubject()).isEqualTo("ann");
      assertThat(failures(server))
          .hasSameSizeAs(expected)
          .allSatisfy((series, count) -> assertThat(count).as(series).isZero());
      for (Channel wrong :
          List.of(
              channel,
              Bearer.token(channel, "secret"),
              Bearer.token(channel, "a.b.c"),
              Bearer.token(channel, "secret-o"),
              Bearer.with(channel, "Basic c2VjcmV0LWE="),
              Bearer.with(channel, "Bearer secret-a", "Bearer secret-a"),
              Bearer.token(channel, unsigned("{\"alg\":\"RS256\"}", "{\"sub\":\"ann\"}")),
              Bearer.token(channel, unsigned("{\"alg\":\"RS256\"}", "{\"exp\":1}")),
              Bearer.token(
                  channel, unsigned("{\"alg\":\"HS256\",\"typ\":\"cleat-ticket+jwt\"}", "{}")))) {
        unauthenticated(() -> whoAmI(wrong));
      }
      assertThat(failures(server)).isEqualTo(expected);
    }
  }

  private static String failure(String credential, String reason) {
    return "cleat_auth_failures_total{credential=\"%s\",reason=\"%s\"}"
        .formatted(credential, reason);
  }

  private static Map<String, Double> failures(TestServer server) throws Exception {
    final Map<String, Double> series = new HashMap<>(server.metrics());
    series.keySet().removeIf(name -> !name.startsWith("cleat_auth_failures_total"));
    return series;
  }

  /** A JWT with a signature that is nobody's. */
  private static String unsigned(String header, String claims) {
    final Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
    return encoder.encodeToString(header.getBytes(UTF_8))
        + "."
        + encoder.encodeToString(claims.getBytes(UTF_8))
        + ".AAAA";
  }

  @Test
  void healthIsOpenAndReflectionClosedUnlessSaidOtherwise() throws Exception {
    try (TestServer server = withTokens()) {
      assertThat(health(server.channel())).isEqualTo(ServingStatus.SERVING);
      assertThat(reflects(server.channel())).isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(reflects(Bearer.token(server.channel(), "secret-v"))).isEqualTo(Status.Code.OK);
    }
    try (TestServer server =
        withTokens("auth.open_health", "false", "auth.open_reflection", "true")) {
      unauthenticated(() -> health(server.channel()));
      assertThat(health(Bearer.token(server.channel(), "secret-v")))
          .isEqualTo(ServingStatus.SERVING);
      assertThat(reflects(server.channel())).isEqualTo(Status.Code.OK);
    }
  }

  private static ServingStatus health(Channel channel) {
    return HealthGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus();
  }

  private static Status.Code reflects(Channel channel) throws Exception {
    final CompletableFuture<Status.Code> end = new CompletableFuture<>();
    final StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {}

                  @Override
                  public void onError(Throwable cause) {
                    end.complete(Status.fromThrowable(cause).getCode());
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(Status.Code.OK);
                  }
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    requests.onCompleted();
    return end.get(30, TimeUnit.SECONDS);
  }

  @Test
  void channelzIsForAdministrators() throws Exception {
    try (TestServer server = withTokens()) {
      unauthenticated(() -> servers(server.channel()));
      Refused.by(() -> servers(Bearer.token(server.channel(), "secret-n")))
          .with(Status.Code.PERMISSION_DENIED, ErrorReason.ERROR_REASON_PERMISSION_DENIED)
          .metadata("role", "OWNER")
          .metadata("needed_role", "ADMIN");
      assertThat(servers(Bearer.token(server.channel(), "secret-a"))).isPositive();
    }
  }

  private static int servers(Channel channel) {
    return ChannelzGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .getServers(GetServersRequest.getDefaultInstance())
        .getServerCount();
  }

  @Test
  void anonymousIsWhoSendsNothingAndNotWhoSendsSomethingWrong() throws Exception {
    try (TestServer server = withTokens("auth.anonymous", "true")) {
      assertThat(whoAmI(server.channel()).getSubject()).isEqualTo("anonymous");
      assertThat(whoAmI(Bearer.token(server.channel(), "secret-v")).getSubject()).isEqualTo("vic");
      unauthenticated(() -> whoAmI(Bearer.token(server.channel(), "secret-o")));
    }
  }

  @Test
  void aServerWhoseTokensCannotBeReadDoesNotStart() throws Exception {
    final Path tokens = Bearer.write(folder.resolve("tokens.yaml"), "tokens:\n  - {name: x}\n");
    final @Nullable Throwable failure =
        org.assertj.core.api.Assertions.catchThrowable(() ->
            TestServer.start(folder.resolve("data"), Map.of("auth.tokens", tokens.toString()))
                .close());
    assertThat(failure)
        .hasMessageContaining("who may call cannot be told")
        .hasMessageContaining(tokens + ":2: tokens[0].role: is missing");
  }
}

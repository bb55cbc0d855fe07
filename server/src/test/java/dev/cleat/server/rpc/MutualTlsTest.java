package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.testing.Authority;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import dev.cleat.v1.WhoAmIRequest;
import dev.cleat.v1.WhoAmIResponse;
import io.grpc.Channel;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client certificates, over real connections. */
class MutualTlsTest {
  @TempDir Path folder;
  private Authority servers;
  private Authority clients;

  @BeforeEach
  void write() throws Exception {
    servers = Authority.create();
    clients = Authority.create();
    servers.server().write(file("server.pem"), file("server.key"));
    servers.write(file("servers.pem"));
    clients.write(file("clients.pem"));
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private TestServer server(String... more) throws Exception {
    final Map<String, String> settings = new HashMap<>();
    settings.put("tls.cert", file("server.pem").toString());
    settings.put("tls.key", file("server.key").toString());
    settings.put("tls.client_ca", file("clients.pem").toString());
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return TestServer.start(folder.resolve("data"), settings);
  }

  private ManagedChannel connect(TestServer server, Authority.@Nullable Identity identity)
      throws Exception {
    final TlsChannelCredentials.Builder tls =
        TlsChannelCredentials.newBuilder().trustManager(file("servers.pem").toFile());
    if (identity != null) {
      identity.write(file("client.pem"), file("client.key"));
      tls.keyManager(file("client.pem").toFile(), file("client.key").toFile());
    }
    return server.connect(tls.build());
  }

  private static WhoAmIResponse whoAmI(Channel channel) {
    return AccessServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .whoAmI(WhoAmIRequest.getDefaultInstance());
  }

  private static void assertNoConnection(Channel channel) {
    final StatusRuntimeException failure =
        Assertions.catchThrowableOfType(StatusRuntimeException.class, () -> whoAmI(channel));
    assertThat(failure).isNotNull();
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private static void assertNobody(Channel channel) {
    Refused.by(() -> whoAmI(channel))
        .with(Status.Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNAUTHENTICATED);
  }

  @Test
  void aCertificateSaysWhoCalls() throws Exception {
    final Authority.Identity ann = clients.client("O=build, CN=ann, OU=owner");
    try (TestServer server = server()) {
      final ManagedChannel channel = connect(server, ann);
      try {
        final WhoAmIResponse answer = whoAmI(channel);
        assertThat(answer.getTenant()).isEqualTo("build");
        assertThat(answer.getSubject()).isEqualTo("ann");
        assertThat(answer.getRole()).isEqualTo(Role.ROLE_OWNER);
        assertThat(Instant.ofEpochSecond(answer.getExpireTime().getSeconds()))
            .isEqualTo(ann.certificate().getNotAfter().toInstant());
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void oneThatIsNotTrustedOrExpiredGetsNoConnection() throws Exception {
    final Instant past = Instant.now().minusSeconds(60);
    try (TestServer server = server()) {
      for (Authority.Identity wrong :
          new Authority.Identity[] {
            Authority.create().client("O=build, CN=ann, OU=owner"),
            servers.client("O=build, CN=ann, OU=owner"),
            clients.client(past, "O=build, CN=ann, OU=owner")
          }) {
        final ManagedChannel channel = connect(server, wrong);
        try {
          assertNoConnection(channel);
        } finally {
          channel.shutdownNow();
        }
      }
    }
  }

  @Test
  void oneThatNamesNobodyIsNobodysAndNotAnonymous() throws Exception {
    try (TestServer server = server("auth.anonymous", "true")) {
      final ManagedChannel channel = connect(server, clients.client("CN=ann"));
      final ManagedChannel without = connect(server, null);
      try {
        assertNobody(channel);
        assertThat(whoAmI(without).getSubject()).isEqualTo("anonymous");
      } finally {
        channel.shutdownNow();
        without.shutdownNow();
      }
    }
  }

  @Test
  void whetherOneIsNeededIsSaid() throws Exception {
    try (TestServer server = server()) {
      final ManagedChannel channel = connect(server, null);
      final ManagedChannel plain = server.connect(InsecureChannelCredentials.create());
      try {
        assertNobody(channel);
        assertNoConnection(plain);
      } finally {
        channel.shutdownNow();
        plain.shutdownNow();
      }
    }
    try (TestServer server = server("tls.client_auth", "required")) {
      final ManagedChannel channel = connect(server, null);
      try {
        assertNoConnection(channel);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void aTokenOfTheCallCountsOverTheCertificateOfItsConnection() throws Exception {
    final Path tokens =
        Bearer.write(
            file("tokens.yaml"),
            "tokens:\n" + Bearer.entry("vic", "other", "viewer", "secret-v", ""));
    try (TestServer server = server("auth.tokens", tokens.toString())) {
      final ManagedChannel channel = connect(server, clients.client("O=build, CN=ann, OU=owner"));
      try {
        assertThat(whoAmI(channel).getSubject()).isEqualTo("ann");
        assertThat(whoAmI(Bearer.token(channel, "secret-v")).getTenant()).isEqualTo("other");
        assertNobody(Bearer.token(channel, "made up"));
      } finally {
        channel.shutdownNow();
      }
    }
  }
}

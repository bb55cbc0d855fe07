package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatClientBuilder;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.testing.Authority;
import dev.cleat.testing.CuttingProxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A server that wants to know who calls, and clients whose tokens and certificates change. */
@Order(11)
class SecuredServerTest {
  private static final int ROTATIONS = 3;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private volatile String token = "";

  /** The tokens that the server takes from soon on. */
  private void allow(String... tokens) throws Exception {
    String entries =
        Stream.of(tokens)
            .map(some -> Transcript.sha256().digest(some.getBytes(StandardCharsets.UTF_8)))
            .map(hash -> HexFormat.of().formatHex(hash))
            .map("{name: ci, tenant: default, role: admin, sha256: \"%s\"}"::formatted)
            .collect(Collectors.joining(", ", "tokens: [", "]"));
    Path draft = Files.writeString(folder.resolve("tokens.new"), entries);
    Files.move(draft, folder.resolve("tokens.yaml"), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * As an operator does it: the server learns the new one, then the client, then the old one goes.
   */
  private void rotate(ServerProcess server, String next) throws Exception {
    String old = token;
    allow(old, next);
    Await.until("the new one is taken", () -> taken(server, next));
    token = next;
    allow(next);
    Await.until("the old one is not", () -> !taken(server, old));
  }

  private ServerProcess serve() throws Exception {
    Authority authority = Authority.create();
    authority.server().write(folder.resolve("server.pem"), folder.resolve("server.key"));
    authority.write(folder.resolve("ca.pem"));
    token = "token-0";
    allow(token);
    return servers.start(
        ServerCommand.on(folder.resolve("data"))
            .flag("--admin-listen", "127.0.0.1:0")
            .flag("--tls-cert", folder.resolve("server.pem").toString())
            .flag("--tls-key", folder.resolve("server.key").toString())
            .flag("--auth-tokens", folder.resolve("tokens.yaml").toString())
            .flag("--log-level", "trace"));
  }

  private CleatClient client(String target, Supplier<String> tokens) throws Exception {
    return CleatClient.builder()
        .target(target)
        .tls(folder.resolve("ca.pem"))
        .tokenSupplier(tokens)
        .backOff(Duration.ofMillis(5), Duration.ofMillis(200))
        .retryFor(Await.PATIENCE)
        .deadline(Await.PATIENCE)
        .build();
  }

  @Test
  void aClientGoesOnWithItsNewTokenOverCutConnections() throws Exception {
    ServerProcess server = serve();
    try (CuttingProxy proxy = new CuttingProxy(server.port(), CuttingProxy.Cuts.NONE, 0);
        CleatClient client = client(proxy.target(), () -> token)) {
      Session session =
          client.create(
              NewSession.of("sh")
                  .args(java.util.List.of("-c", "while :; do echo a line; sleep 0.05; done")));
      Transcript seen = Transcript.digesting();
      try (Attachment _ = session.attach(AttachOptions.fromBeginning().readOnly(), seen);
          Metrics metrics = new Metrics(server)) {
        Await.until("streams over TLS are bounded too", () -> metrics.get("cleat_streams") >= 1);
        for (int number = 1; number <= ROTATIONS; number++) {
          rotate(server, "token-" + number);
          long before = seen.last();
          int reconnects = seen.reconnects();
          Await.until("the stream goes on", () -> seen.last() > before);
          proxy.cutNow();
          Await.until(
              "it was resumed", () -> seen.reconnects() > reconnects && seen.last() > before + 5);
        }
      }
      session.stop();
      seen.assertWhole();
    }
    // Whatever is logged, the tokens are not.
    assertThat(String.join("\n", server.errors())).contains("DEBUG").doesNotContain("token-");
  }

  /** Authorities and certificates of both sides, the server's files and the client's. */
  private void exchange(int number) throws Exception {
    Authority servers = Authority.create();
    Authority clients = Authority.create();
    Authority.Identity identity = clients.client("O=default, CN=ci, OU=admin");
    identity.write(folder.resolve(number + ".pem"), folder.resolve(number + ".key"));
    identity.write(folder.resolve("client.pem"), folder.resolve("client.key"));
    servers.write(folder.resolve("ca.pem"));
    servers.server().write(folder.resolve("server.pem"), folder.resolve("server.key"));
    clients.write(folder.resolve("clients.pem"));
  }

  private CleatClientBuilder certified(String target, String name) throws Exception {
    return CleatClient.builder()
        .target(target)
        .tls(folder.resolve("ca.pem"))
        .clientCertificate(folder.resolve(name + ".pem"), folder.resolve(name + ".key"))
        .backOff(Duration.ofMillis(5), Duration.ofMillis(200));
  }

  private boolean isTaken(ServerProcess server, int number) throws Exception {
    try (CleatClient client =
        certified(server.target(), String.valueOf(number)).retryFor(Duration.ZERO).build()) {
      return client.whoAmI().subject().equals("ci");
    } catch (CleatException e) {
      assertThat(e.code()).isEqualTo(CleatException.Code.UNAVAILABLE);
      return false;
    }
  }

  @Test
  void aClientGoesOnWithItsNewCertificateOverCutConnections() throws Exception {
    exchange(0);
    ServerProcess server =
        servers.start(
            ServerCommand.on(folder.resolve("data"))
                .flag("--tls-cert", folder.resolve("server.pem").toString())
                .flag("--tls-key", folder.resolve("server.key").toString())
                .flag("--tls-client-ca", folder.resolve("clients.pem").toString())
                .flag("--tls-client-auth", "required"));
    try (CuttingProxy proxy = new CuttingProxy(server.port(), CuttingProxy.Cuts.NONE, 0);
        CleatClient client =
            certified(proxy.target(), "client")
                .retryFor(Await.PATIENCE)
                .deadline(Await.PATIENCE)
                .build()) {
      Session session =
          client.create(
              NewSession.of("sh")
                  .args(java.util.List.of("-c", "while :; do echo a line; sleep 0.05; done")));
      Transcript seen = Transcript.digesting();
      try (Attachment _ = session.attach(AttachOptions.fromBeginning().readOnly(), seen)) {
        Await.until("the stream begins", () -> seen.last() > 10);
        for (int number = 1; number <= ROTATIONS; number++) {
          int next = number;
          exchange(next);
          Await.until("the new one is taken", () -> isTaken(server, next));
          Await.until("the old one is not", () -> !isTaken(server, next - 1));
          long before = seen.last();
          int reconnects = seen.reconnects();
          Await.until("the stream goes on", () -> seen.last() > before);
          proxy.cutNow();
          Await.until(
              "it was resumed, or ended",
              () ->
                  !seen.errors().isEmpty()
                      || (seen.reconnects() > reconnects && seen.last() > before + 5));
          assertThat(seen.errors()).isEmpty();
        }
      }
      session.stop();
      seen.assertWhole();
    }
  }

  private boolean taken(ServerProcess server, String some) throws Exception {
    try (CleatClient client = client(server.target(), () -> some)) {
      return client.whoAmI().subject().equals("ci");
    } catch (CleatException e) {
      assertThat(e.code()).isEqualTo(CleatException.Code.UNAUTHENTICATED);
      return false;
    }
  }

  @Test
  void whoSaysNothingGetsNothing() throws Exception {
    ServerProcess server = serve();
    try (CleatClient client =
        CleatClient.builder().target(server.target()).tls(folder.resolve("ca.pem")).build()) {
      CleatException refusal =
          catchThrowableOfType(CleatException.class, () -> client.create("sh"));
      assertThat(refusal.code()).isEqualTo(CleatException.Code.UNAUTHENTICATED);
      assertThat(refusal.reason()).isEqualTo("UNAUTHENTICATED");
    }
    try (CleatClient client =
        CleatClient.builder().target(server.target()).retryFor(Duration.ZERO).build()) {
      CleatException refusal = catchThrowableOfType(CleatException.class, client::list);
      assertThat(refusal.code()).as("without TLS").isEqualTo(CleatException.Code.UNAVAILABLE);
    }
  }
}

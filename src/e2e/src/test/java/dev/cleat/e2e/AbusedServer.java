package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.bench.RawConnection;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.testing.Authority;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A server for a test to abuse, with little memory; it would end if it had none left. A client that
 * does nothing wrong is there all the time. For one thread.
 */
final class AbusedServer {
  /** What such tests lock: two at once would take the machine from each other's clients. */
  static final String ONE_AT_A_TIME = "dev.cleat.e2e.AbusedServer";

  /** The direct memory that it may have. */
  static final int DIRECT_BYTES = 48 << 20;

  private static final int HEAP_BYTES = 192 << 20;

  /** All that it may have: these two, and what the JVM has for code, classes and threads. */
  static final int MOST_BYTES = HEAP_BYTES + DIRECT_BYTES + (160 << 20);

  private final List<RawConnection> opened = new ArrayList<>();
  private final ServerProcess process;
  private final @Nullable SSLContext tls;
  private final Metrics metrics;
  private final Bystander bystander;

  private AbusedServer(ServerProcess process, CleatClient client, @Nullable SSLContext tls) {
    this.process = process;
    this.tls = tls;
    metrics = new Metrics(process);
    bystander = new Bystander(client);
  }

  private static ServerProcess launch(Servers servers, ServerCommand command) throws Exception {
    return servers.start(
        command
            .jvm(
                "-Xmx" + HEAP_BYTES,
                "-XX:MaxDirectMemorySize=" + DIRECT_BYTES,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError")
            .flag("--admin-listen", "127.0.0.1:0"));
  }

  static AbusedServer start(Servers servers, ServerCommand command) throws Exception {
    ServerProcess process = launch(servers, command);
    AbusedServer server = new AbusedServer(process, process.client(), null);
    server.servesOthers();
    return server;
  }

  static AbusedServer start(Servers servers, Path folder) throws Exception {
    return start(servers, ServerCommand.on(folder.resolve("data")));
  }

  /** One that speaks TLS, and so do all connections to it but {@link #connectInClear}. */
  static AbusedServer startWithTls(Servers servers, Path folder) throws Exception {
    Authority authority = Authority.create();
    Authority.Identity identity = authority.server();
    identity.write(folder.resolve("server.pem"), folder.resolve("server.key"));
    Path trusted = folder.resolve("ca.pem");
    authority.write(trusted);
    ServerProcess process =
        launch(
            servers,
            ServerCommand.on(folder.resolve("data"))
                .flag("--tls-cert", folder.resolve("server.pem").toString())
                .flag("--tls-key", folder.resolve("server.key").toString()));
    CleatClient client =
        CleatClient.builder()
            .target(process.target())
            .tls(trusted)
            .retryFor(Await.PATIENCE)
            .deadline(Await.PATIENCE)
            .build();
    AbusedServer server = new AbusedServer(process, client, trusting(identity.chain().getLast()));
    server.servesOthers();
    return server;
  }

  private static SSLContext trusting(X509Certificate authority) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("authority", authority);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  ServerProcess process() {
    return process;
  }

  Metrics metrics() {
    return metrics;
  }

  /** A connection on which nothing has been said. */
  RawConnection connect() throws IOException {
    return tls == null
        ? connect(process)
        : opened(RawConnection.connect(process.port(), Await.PATIENCE, tls));
  }

  /** Likewise, and without TLS. */
  RawConnection connectInClear() throws IOException {
    return connect(process);
  }

  /** Likewise, to another server. */
  RawConnection connect(ServerProcess other) throws IOException {
    return opened(RawConnection.connect(other.port(), Await.PATIENCE));
  }

  private RawConnection opened(RawConnection connection) {
    opened.add(connection);
    return connection;
  }

  /** A connection on which calls may be made. */
  RawConnection begin(int... settings) throws IOException {
    return connect().begin(settings);
  }

  /** A session of which a hundred readers at once would ask for more than there is memory for. */
  Session printed() throws Exception {
    try (CleatClient client = process.client()) {
      Session session =
          client.create(
              NewSession.of("sh").args(List.of("-c", "head -c 16000000 /dev/zero | tr '\\0' x")));
      Await.until("it has printed", () -> session.refresh().exit().isPresent());
      return session;
    }
  }

  /** What a reader of a session says first. */
  static AttachRequest reading(Session session) {
    return AttachRequest.newBuilder()
        .setOpen(AttachOpen.newBuilder().setSessionId(session.id()).setReadOnly(true))
        .build();
  }

  /** The client that does nothing wrong types, and gets its echo. */
  void servesOthers() {
    bystander.goesOn();
  }

  /** Closes all connections, and stops the server: nobody was disturbed, and nothing is left. */
  void assertUnharmed() throws Exception {
    try {
      bystander.goesOn();
      bystander.assertUndisturbed();
      for (RawConnection connection : opened) {
        connection.close();
      }
      Await.until("only the bystander is connected", () -> metrics.get("cleat_connections") == 1);
      bystander.goesOn();
    } finally {
      bystander.close();
      metrics.close();
    }
    assertThat(process.stop()).isZero();
    assertThat(process.errors())
        .as("abuse is nothing to fill a log with")
        .hasSizeLessThan(50)
        .noneMatch(line -> line.contains("OutOfMemory"));
  }
}

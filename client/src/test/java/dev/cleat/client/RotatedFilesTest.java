package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.testing.Authority;
import dev.cleat.testing.Authority.Identity;
import dev.cleat.testing.CuttingProxy;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.ServerTransportFilter;
import io.grpc.TlsServerCredentials;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates that are exchanged while a client runs. */
class RotatedFilesTest {
  private static final Logger LOG = Logger.getLogger(PemFiles.class.getName());

  /** Keeps what is logged of the test's files. */
  private final class Log extends Handler {
    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public void publish(LogRecord entry) {
      if (entry.getMessage().contains(folder.toString())) {
        lines.add(entry.getMessage());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @TempDir Path folder;
  private final Log log = new Log();

  @BeforeEach
  void listen() {
    LOG.addHandler(log);
  }

  @AfterEach
  void leave() {
    LOG.removeHandler(log);
  }

  private Path certificate() {
    return folder.resolve("client.pem");
  }

  private Path key() {
    return folder.resolve("client.key");
  }

  private Identity exchange(Authority authority) throws Exception {
    Identity identity = authority.client("CN=client");
    identity.write(certificate(), key());
    return identity;
  }

  /** What the next handshake says. */
  private static Identity shown(X509ExtendedKeyManager keys) throws Exception {
    String alias =
        keys.chooseEngineClientAlias(
            new String[] {"EC"}, null, SSLContext.getDefault().createSSLEngine());
    X509Certificate[] chain = keys.getCertificateChain(alias);
    PrivateKey key = keys.getPrivateKey(alias);
    return new Identity(List.of(chain), key);
  }

  @Test
  void theNextHandshakeHasTheNewPair() throws Exception {
    Authority authority = Authority.create();
    Identity first = exchange(authority);
    ClientKeys keys = new ClientKeys(certificate(), key());
    assertThat(shown(keys)).isEqualTo(first);

    Identity second = exchange(authority);
    assertThat(shown(keys)).isEqualTo(second).isNotEqualTo(first);
    assertThat(log.lines).isEmpty();
  }

  @Test
  void timesOfFilesDoNotMatter() throws Exception {
    Authority authority = Authority.create();
    Identity first = exchange(authority);
    ClientKeys keys = new ClientKeys(certificate(), key());
    assertThat(shown(keys)).isEqualTo(first);
    FileTime time = Files.getLastModifiedTime(certificate());

    Identity second = exchange(authority);
    Files.setLastModifiedTime(certificate(), time);
    Files.setLastModifiedTime(key(), time);
    assertThat(shown(keys)).isEqualTo(second);
  }

  @Test
  void aHandshakeUnderWayKeepsItsPair() throws Exception {
    Authority authority = Authority.create();
    Identity first = exchange(authority);
    ClientKeys keys = new ClientKeys(certificate(), key());
    String alias =
        keys.chooseEngineClientAlias(
            new String[] {"EC"}, null, SSLContext.getDefault().createSSLEngine());

    Identity second = exchange(authority);
    assertThat(shown(keys)).isEqualTo(second);
    assertThat(keys.getCertificateChain(alias)).containsExactlyElementsOf(first.chain());
    assertThat(keys.getPrivateKey(alias)).isEqualTo(first.key());
  }

  @Test
  void whatIsBrokenOrHalfWrittenLeavesTheLastPairAndIsSaidOnce() throws Exception {
    Authority authority = Authority.create();
    Identity first = exchange(authority);
    ClientKeys keys = new ClientKeys(certificate(), key());

    Identity second = authority.client("CN=client");
    second.write(certificate(), folder.resolve("later.key"));
    assertThat(shown(keys)).as("the key is not there yet").isEqualTo(first);
    assertThat(shown(keys)).isEqualTo(first);
    assertThat(log.lines).singleElement().asString().contains("client.key is not the key of");

    String pem = Files.readString(folder.resolve("later.key"));
    Files.writeString(key(), pem.substring(0, pem.length() / 2));
    assertThat(shown(keys)).as("half a key").isEqualTo(first);
    Files.writeString(certificate(), "nonsense");
    assertThat(shown(keys)).as("no certificate").isEqualTo(first);
    Files.delete(certificate());
    assertThat(shown(keys)).as("no file").isEqualTo(first);
    assertThat(shown(keys)).isEqualTo(first);
    assertThat(log.lines).hasSize(4);
    assertThat(String.join("\n", log.lines)).doesNotContain(pem.lines().toList().get(1));

    second.write(certificate(), key());
    assertThat(shown(keys)).isEqualTo(second);
    assertThat(log.lines).hasSize(4);
  }

  @Test
  void aFileThatIsThereAgainIsAsItWas() throws Exception {
    Identity only = exchange(Authority.create());
    ClientKeys keys = new ClientKeys(certificate(), key());
    for (int times = 1; times <= 2; times++) {
      Path away = Files.move(key(), folder.resolve("away"));
      assertThat(shown(keys)).isEqualTo(only);
      Files.move(away, key());
      assertThat(shown(keys)).isEqualTo(only);
      assertThat(log.lines).hasSize(times);
    }
  }

  @Test
  void whatIsWrongAtTheStartIsRefused() throws Exception {
    Authority.create().client("CN=client").write(certificate(), key());
    CleatClientBuilder builder = CleatClient.builder();
    Path none = folder.resolve("none");
    Path empty = Files.createFile(folder.resolve("empty"));

    assertThatThrownBy(() -> builder.clientCertificate(none, key()))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> builder.clientCertificate(empty, key()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("empty has no certificate");
    assertThatThrownBy(() -> builder.clientCertificate(certificate(), empty))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("empty has no readable private key");
    assertThatThrownBy(() -> builder.tls(none)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> builder.tls(empty))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("empty has no certificate");

    Authority.create().client("CN=other").write(folder.resolve("other.pem"), key());
    assertThatThrownBy(() -> builder.clientCertificate(certificate(), key()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not the key of");
  }

  @Test
  void theNextHandshakeTrustsTheNewAuthorities() throws Exception {
    Authority first = Authority.create();
    Authority second = Authority.create();
    Path file = folder.resolve("ca.pem");
    first.write(file);
    CleatClientBuilder builder = CleatClient.builder().tls(file).retryFor(Duration.ZERO);
    assertThat(connects(builder, first.server())).isTrue();

    Files.writeString(file, "nonsense");
    assertThat(connects(builder, first.server())).isTrue();
    assertThat(log.lines).singleElement().asString().contains("ca.pem has no readable certificate");

    second.write(file);
    assertThat(connects(builder, second.server())).isTrue();
    assertThat(connects(builder, first.server())).isFalse();
    assertThat(connects(builder, second.client("CN=of another name"))).isFalse();
  }

  /** As in a Secret of {@code kubectl create secret tls}, which has no authority. */
  @Test
  void aServersOwnCertificateIsEnoughToTrustIt() throws Exception {
    Authority authority = Authority.create();
    Identity server = authority.server();
    Path file = folder.resolve("only.pem");
    new Identity(List.of(server.certificate()), server.key())
        .write(file, folder.resolve("only.key"));
    CleatClientBuilder builder = CleatClient.builder().tls(file).retryFor(Duration.ZERO);
    assertThat(connects(builder, server)).isTrue();
    assertThat(connects(builder, authority.server())).isFalse();
  }

  @Test
  void theConnectionAfterACutHasTheNewCertificate() throws Exception {
    Authority authority = Authority.create();
    File ca = folder.resolve("ca.pem").toFile();
    File pem = folder.resolve("server.pem").toFile();
    File key = folder.resolve("server.key").toFile();
    authority.write(ca.toPath());
    authority.server().write(pem.toPath(), key.toPath());
    authority.client("CN=client").write(certificate(), key());
    Callers callers = new Callers();
    Server server =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.newBuilder()
                    .keyManager(pem, key)
                    .trustManager(ca)
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build())
            .addTransportFilter(callers)
            .build()
            .start();
    try (CuttingProxy proxy = new CuttingProxy(server.getPort(), CuttingProxy.Cuts.NONE, 0);
        CleatClient client =
            CleatClient.builder()
                .target(proxy.target())
                .tls(ca.toPath())
                .clientCertificate(certificate(), key())
                .build()) {
      for (int connections = 1; connections <= 4; connections++) {
        Identity now = exchange(authority);
        proxy.cutNow();
        CleatException refusal = catchThrowableOfType(CleatException.class, client::whoAmI);
        assertThat(refusal.code()).isEqualTo(CleatException.Code.UNIMPLEMENTED);
        assertThat(callers.certificates).hasSize(connections).endsWith(now.certificate());
      }
    } finally {
      server.shutdownNow();
    }
  }

  /** Keeps the certificates of all connections. */
  private static final class Callers extends ServerTransportFilter {
    final List<Certificate> certificates = new CopyOnWriteArrayList<>();

    @Override
    public Attributes transportReady(Attributes attributes) {
      SSLSession session =
          Objects.requireNonNull(attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION), "without TLS");
      try {
        certificates.add(session.getPeerCertificates()[0]);
      } catch (SSLPeerUnverifiedException e) {
        throw new IllegalStateException(e);
      }
      return attributes;
    }
  }

  /** Whether a client comes to a server that is this. */
  private boolean connects(CleatClientBuilder builder, Identity identity) throws Exception {
    Path pem = folder.resolve("server.pem");
    Path key = folder.resolve("server.key");
    identity.write(pem, key);
    Server server =
        Grpc.newServerBuilderForPort(0, TlsServerCredentials.create(pem.toFile(), key.toFile()))
            .build()
            .start();
    try (CleatClient client = builder.target("127.0.0.1:" + server.getPort()).build()) {
      CleatException refusal = catchThrowableOfType(CleatException.class, client::whoAmI);
      // The server has no services.
      return refusal.code() == CleatException.Code.UNIMPLEMENTED;
    } finally {
      server.shutdownNow();
    }
  }
}

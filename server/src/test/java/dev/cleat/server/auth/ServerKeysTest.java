package dev.cleat.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.testing.Authority;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server's certificate while its files change. */
class ServerKeysTest {
  @TempDir Path folder;
  private final FakeTime time = new FakeTime();
  private Path certificate;
  private Path key;
  private Authority authority;
  private Authority.Identity first;

  @BeforeEach
  void write() throws Exception {
    certificate = folder.resolve("server.pem");
    key = folder.resolve("server.key");
    authority = Authority.create();
    first = authority.server();
    first.write(certificate, key);
  }

  private ServerKeys open() throws WrongFileException {
    return new ServerKeys(certificate, key, time::nanoTime);
  }

  /** What the next handshake shows, with its key. */
  private X509Certificate shown(ServerKeys keys) throws Exception {
    time.pass(Duration.ofSeconds(2));
    try (Socket socket = new Socket()) {
      final String alias = keys.chooseServerAlias("EC", null, socket);
      assertThat(keys.getPrivateKey(alias)).isNotNull();
      return keys.getCertificateChain(alias)[0];
    }
  }

  @Test
  void aNewPairIsTakenWhenBothFilesAreThere() throws Exception {
    final ServerKeys keys = open();
    final Authority.Identity second = authority.server();
    assertThat(shown(keys)).isEqualTo(first.certificate());

    second.write(certificate, folder.resolve("later"));
    assertThat(shown(keys)).as("its key is still the old one").isEqualTo(first.certificate());
    Files.move(folder.resolve("later"), key, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(shown(keys)).isEqualTo(second.certificate());
  }

  @Test
  void whatCannotBeUsedKeepsWhatWasGood() throws Exception {
    final ServerKeys keys = open();
    final Authority.Identity second = authority.server();

    Files.writeString(certificate, "no certificate");
    assertThat(shown(keys)).isEqualTo(first.certificate());
    Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assertThat(shown(keys)).isEqualTo(first.certificate());
    Files.delete(certificate);
    assertThat(shown(keys)).isEqualTo(first.certificate());
    authority.client(Instant.now().minusSeconds(1), "CN=expired").write(certificate, key);
    assertThat(shown(keys)).isEqualTo(first.certificate());

    second.write(certificate, key);
    assertThat(shown(keys)).isEqualTo(second.certificate());
  }

  @Test
  void whatCannotBeUsedYetIsTakenWhenItCan() throws Exception {
    final ServerKeys keys = open();
    X509Certificate before;
    X509Certificate meanwhile;
    X509Certificate later;
    do {
      before = shown(keys);
      final Authority.Identity second = authority.server(Instant.now().plusSeconds(3));
      second.write(certificate, key);
      meanwhile = shown(keys);
      later = second.certificate();
      // A machine with much else to do looks when it can be used already.
    } while (!Instant.now().isBefore(later.getNotBefore().toInstant()));
    assertThat(meanwhile).isEqualTo(before);

    final X509Certificate awaited = later;
    Awaitility.await().until(() -> shown(keys).equals(awaited));
  }

  @Test
  void whatCannotBeUsedAtFirstIsSaid() throws Exception {
    authority.server().write(folder.resolve("other.pem"), key);
    assertThatThrownBy(this::open).hasMessage(key + ": is not the key of " + certificate);

    Files.writeString(key, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
    assertThatThrownBy(this::open)
        .hasMessageStartingWith(key + ": has no line '-----BEGIN PRIVATE KEY-----'")
        .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");

    Files.writeString(certificate, "");
    assertThatThrownBy(this::open).hasMessageStartingWith(certificate + ": has no ");

    Files.delete(certificate);
    assertThatThrownBy(this::open).hasMessage(certificate + ": does not exist");

    authority.client(Instant.now().minusSeconds(1), "CN=expired").write(certificate, key);
    assertThatThrownBy(this::open)
        .isInstanceOf(WrongFileException.class)
        .hasMessageStartingWith(certificate + ": cannot be used: ");
  }
}

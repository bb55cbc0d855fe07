package dev.cleat.client;

import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Logger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;

/**
 * Files that are exchanged while the program runs, looked at again before each handshake. They are
 * small and handshakes are rare, so they are compared as a whole: times of files say too little,
 * and a thread that looks at them would have to be ended.
 *
 * <p>Thread-safe: one look at a time.
 */
final class PemFiles {
  private static final Logger LOG = Logger.getLogger(PemFiles.class.getName());

  /** Takes over what is in them. */
  @FunctionalInterface
  interface Use {
    /**
     * Either all of it, or none.
     *
     * @throws IOException if something is wrong in them, which its message says
     */
    void take(List<byte[]> contents) throws IOException;
  }

  private final List<Path> files;
  private final Use use;
  private List<byte[]> last;
  private String failure = "";

  /** Reads them for the first time. */
  PemFiles(List<Path> files, Use use) throws IOException {
    this.files = files;
    this.use = use;
    this.last = read();
    use.take(last);
  }

  private List<byte[]> read() throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) {
      contents.add(Files.readAllBytes(file));
    }
    return contents;
  }

  /** Takes over what is new in them; where that is wrong, all stays as it was, and is said once. */
  synchronized void look() {
    List<byte[]> now;
    try {
      now = read();
    } catch (IOException e) {
      last = List.of();
      failed(e);
      return;
    }
    if (Arrays.deepEquals(now.toArray(), last.toArray())) {
      return;
    }
    last = now;
    try {
      use.take(now);
      failure = "";
    } catch (IOException e) {
      failed(e);
    }
  }

  private void failed(IOException e) {
    if (!e.toString().equals(failure)) {
      failure = e.toString();
      LOG.warning(() -> "What was in " + files + " before goes on being used: " + e);
    }
  }

  /**
   * Makes the connections after this one shake hands in full: one that resumed the session of
   * another would be known by the certificate of then. No limit is what 0 means in the JDK's own
   * TLS, and none kept in OpenSSL's, which gRPC brings.
   */
  static void resumeNothing(SSLEngine engine) {
    SSLSessionContext kept = engine.getSession().getSessionContext();
    if (kept != null) {
      kept.setSessionCacheSize(0);
    }
  }

  /** At least one. */
  static X509Certificate[] certificates(Path file, byte[] pem) throws IOException {
    try {
      X509Certificate[] certificates =
          CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
      if (certificates.length > 0) {
        return certificates;
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(file + " has no readable certificate: " + e.getMessage(), e);
    }
    throw new IOException(file + " has no certificate; a PEM file is expected");
  }

  static PrivateKey key(Path file, byte[] pem) throws IOException {
    try {
      return CertificateUtils.getPrivateKey(new ByteArrayInputStream(pem));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      // Without the cause, whose message could have a part of the key in it.
      throw new IOException(
          file + " has no readable private key; a PEM file with PKCS#8 is expected, RSA or EC");
    }
  }
}

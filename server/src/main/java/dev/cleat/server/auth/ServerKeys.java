package dev.cleat.server.auth;

import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import io.grpc.util.AdvancedTlsX509KeyManager;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's certificate and its key, looked at again before each handshake. Connections that
 * there are stay as they are. Thread-safe.
 */
final class ServerKeys extends X509ExtendedKeyManager {
  private static final Logger LOG = LoggerFactory.getLogger(ServerKeys.class);

  /** What stands in the two files. */
  private record Pair(List<X509Certificate> certificates, PrivateKey key) {}

  private final Path certificateFile;
  private final Path keyFile;
  private final WatchedFile<List<X509Certificate>> certificates;
  private final WatchedFile<PrivateKey> key;

  /** Keeps certificate and key together while they are exchanged. */
  private final AdvancedTlsX509KeyManager current = new AdvancedTlsX509KeyManager();

  private volatile Pair last;

  /** The last pair is for later: it is tried again. */
  private volatile boolean early;

  /**
   * Those of two files.
   *
   * @throws WrongFileException if they cannot be used
   */
  ServerKeys(Path certificateFile, Path keyFile, LongSupplier nanoTime) throws WrongFileException {
    this.certificateFile = certificateFile;
    this.keyFile = keyFile;
    this.certificates =
        new WatchedFile<>("the server's certificate", certificateFile, Pem::certificates, nanoTime);
    this.key = new WatchedFile<>("the server's key", keyFile, Pem::key, nanoTime);
    this.last = new Pair(certificates.contents(), key.contents());
    use(last);
  }

  private void use(Pair pair) throws WrongFileException {
    final X509Certificate certificate = pair.certificates.getFirst();
    try {
      if (!fit(certificate, pair.key)) {
        throw Pem.wrong(keyFile.toString(), "is not the key of " + certificateFile);
      }
      early = false;
      certificate.checkValidity();
      current.updateIdentityCredentials(
          pair.certificates.toArray(X509Certificate[]::new), pair.key);
    } catch (CertificateNotYetValidException e) {
      early = true;
      throw Pem.wrong(
          certificateFile.toString(),
          "cannot be used before " + certificate.getNotBefore().toInstant());
    } catch (GeneralSecurityException e) {
      throw Pem.wrong(certificateFile.toString(), "cannot be used: " + e.getMessage());
    }
  }

  private static boolean fit(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
      return false;
    }
    final String algorithm =
        key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256with" + key.getAlgorithm();
    final byte[] any = new byte[32];
    new SecureRandom().nextBytes(any);
    final Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(any);
    final byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(any);
    return signature.verify(signed);
  }

  private void look() {
    final Pair now = new Pair(certificates.contents(), key.contents());
    if (now.equals(last) && !early) {
      return;
    }
    synchronized (this) {
      final boolean known = now.equals(last);
      if (known && !early) {
        return;
      }
      last = now;
      try {
        use(now);
        LOG.info("The server has a new certificate, from {}", certificateFile);
      } catch (WrongFileException e) {
        if (!known) {
          LOG.warn("The server's certificate stays as it was: {}", e.getMessage());
        }
      }
    }
  }

  @Override
  public String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    look();
    return current.chooseEngineServerAlias(keyType, issuers, engine);
  }

  @Override
  public String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
    look();
    return current.chooseServerAlias(keyType, issuers, socket);
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return current.getServerAliases(keyType, issuers);
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return current.getCertificateChain(alias);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return current.getPrivateKey(alias);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }
}

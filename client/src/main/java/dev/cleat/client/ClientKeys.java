package dev.cleat.client;

import io.grpc.util.AdvancedTlsX509KeyManager;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The client's certificate and its key, looked at again before each handshake. Connections that
 * there are stay as they are. Thread-safe.
 */
final class ClientKeys extends X509ExtendedKeyManager {
  private final Path certificateFile;
  private final Path keyFile;

  /**
   * Keeps certificate and key together while they are exchanged. It could look at the files itself,
   * but not see a new certificate of the same key, nor that the two do not fit.
   */
  private final AdvancedTlsX509KeyManager current = new AdvancedTlsX509KeyManager();

  private final PemFiles files;

  /** Those of two files, which are read now. */
  ClientKeys(Path certificateFile, Path keyFile) throws IOException {
    this.certificateFile = certificateFile;
    this.keyFile = keyFile;
    this.files = new PemFiles(List.of(certificateFile, keyFile), this::use);
  }

  private void use(List<byte[]> contents) throws IOException {
    X509Certificate[] certificates = PemFiles.certificates(certificateFile, contents.get(0));
    PrivateKey key = PemFiles.key(keyFile, contents.get(1));
    try {
      if (!fit(certificates[0], key)) {
        throw new IOException(keyFile + " is not the key of " + certificateFile);
      }
      current.updateIdentityCredentials(certificates, key);
    } catch (GeneralSecurityException e) {
      throw new IOException(certificateFile + " cannot be used: " + e.getMessage(), e);
    }
  }

  private static boolean fit(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
      return false;
    }
    String algorithm =
        key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256with" + key.getAlgorithm();
    byte[] any = new byte[32];
    new SecureRandom().nextBytes(any);
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(any);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(any);
    return signature.verify(signed);
  }

  @Override
  public String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
    PemFiles.resumeNothing(engine);
    files.look();
    return current.chooseEngineClientAlias(keyTypes, issuers, engine);
  }

  @Override
  public String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
    files.look();
    return current.chooseClientAlias(keyTypes, issuers, socket);
  }

  @Override
  public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return current.getClientAliases(keyType, issuers);
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
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }
}

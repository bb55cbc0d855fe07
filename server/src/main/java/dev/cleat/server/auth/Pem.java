package dev.cleat.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** Reads certificates and keys as PEM. */
final class Pem {
  private static final String KEY = "-----BEGIN PRIVATE KEY-----";

  private Pem() {}

  /** At least one. */
  static List<X509Certificate> certificates(String file, String text) throws WrongFileException {
    try {
      final X509Certificate[] certificates =
          CertificateUtils.getX509Certificates(new ByteArrayInputStream(text.getBytes(UTF_8)));
      if (certificates.length > 0) {
        return List.of(certificates);
      }
    } catch (GeneralSecurityException e) {
      throw wrong(file, "has no readable certificate: " + e.getMessage());
    }
    throw wrong(file, "has no certificate; a PEM file is expected");
  }

  /** A private key, as PKCS#8 and without a password. */
  static PrivateKey key(String file, String text) throws WrongFileException {
    if (!text.contains(KEY)) {
      throw wrong(
          file,
          "has no line '%s'; `openssl pkcs8 -topk8 -nocrypt` makes one of other forms"
              .formatted(KEY));
    }
    try {
      return CertificateUtils.getPrivateKey(new ByteArrayInputStream(text.getBytes(UTF_8)));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      // Its message could have a part of the key in it.
      throw wrong(file, "has a private key that cannot be read; RSA and EC are known");
    }
  }

  static WrongFileException wrong(String file, String message) {
    return new WrongFileException(List.of(new Problem(file, 0, "", message)));
  }
}

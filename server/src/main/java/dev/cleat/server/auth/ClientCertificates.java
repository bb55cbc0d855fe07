package dev.cleat.server.auth;

import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The callers behind the client certificates of connections. A connection lives longer than the
 * authorities may be trusted and the certificate may be valid: both are looked at with every call,
 * and the signatures once more when the authorities have changed. Thread-safe.
 */
final class ClientCertificates {
  private static final String SEEN = "cleat.client-certificate";

  /**
   * What a connection's certificate came to, kept with the connection.
   *
   * @param authorities whom it was judged by
   * @param credential null if it is not trusted or names nobody
   */
  private record Seen(X509TrustManager authorities, @Nullable Credential credential) {}

  private final ClientTrust trust;
  private final CertificateNames names;
  private final InstantSource clock;

  ClientCertificates(ClientTrust trust, CertificateNames names, InstantSource clock) {
    this.trust = trust;
    this.names = names;
    this.clock = clock;
  }

  /** Whether the other end of a connection gave a certificate. */
  static boolean isGiven(SSLSession connection) {
    try {
      return connection.getPeerCertificates().length > 0;
    } catch (SSLPeerUnverifiedException e) {
      return false;
    }
  }

  /** Whether the certificate of a connection has expired; false if there is none. */
  static boolean isExpired(SSLSession connection, Instant now) {
    try {
      return connection.getPeerCertificates()[0] instanceof X509Certificate certificate
          && now.isAfter(certificate.getNotAfter().toInstant());
    } catch (SSLPeerUnverifiedException e) {
      return false;
    }
  }

  /** Who is at the other end of a connection; empty if its certificate is not valid. */
  Optional<Credential> caller(SSLSession connection) {
    final X509TrustManager authorities = trust.now();
    Seen seen = connection.getValue(SEEN) instanceof Seen before ? before : null;
    if (seen == null || !seen.authorities.equals(authorities)) {
      seen = new Seen(authorities, judge(connection, authorities));
      connection.putValue(SEEN, seen);
    }
    final Credential credential = seen.credential;
    final Instant now = clock.instant();
    return credential == null || credential.expires() == null || now.isAfter(credential.expires())
        ? Optional.empty()
        : Optional.of(credential);
  }

  private @Nullable Credential judge(SSLSession connection, X509TrustManager authorities) {
    try {
      final Certificate[] given = connection.getPeerCertificates();
      final X509Certificate[] chain =
          Arrays.stream(given)
              .filter(X509Certificate.class::isInstance)
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      if (chain.length == 0) {
        return null;
      }
      authorities.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
      return names
          .caller(chain[0])
          .map(caller -> new Credential(caller, chain[0].getNotAfter().toInstant()))
          .orElse(null);
    } catch (SSLPeerUnverifiedException | CertificateException e) {
      return null;
    }
  }
}

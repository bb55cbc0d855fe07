package dev.cleat.server.auth;

import dev.cleat.server.yaml.WrongFileException;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** TLS at the listening port: the server's certificate, and those of its clients. Thread-safe. */
public final class ServerTls {
  private final ServerCredentials credentials;
  private final @Nullable ClientCertificates clients;

  private ServerTls(ServerCredentials credentials, @Nullable ClientCertificates clients) {
    this.credentials = credentials;
    this.clients = clients;
  }

  /**
   * Reads the files for the first time; from then on they are read again when they have changed.
   *
   * @throws WrongFileException if one cannot be used
   */
  public static ServerTls open(TlsSettings settings, InstantSource clock)
      throws WrongFileException {
    return open(settings, clock, System::nanoTime);
  }

  static ServerTls open(TlsSettings settings, InstantSource clock, LongSupplier nanoTime)
      throws WrongFileException {
    final TlsServerCredentials.Builder builder =
        TlsServerCredentials.newBuilder()
            .keyManager(new ServerKeys(settings.certificate(), settings.key(), nanoTime));
    if (settings.clientAuthorities() == null || settings.clientAuth() == ClientAuth.NONE) {
      return new ServerTls(builder.build(), null);
    }
    final ClientTrust trust = new ClientTrust(settings.clientAuthorities(), nanoTime);
    builder
        .trustManager(trust)
        .clientAuth(
            settings.clientAuth() == ClientAuth.REQUIRED
                ? TlsServerCredentials.ClientAuth.REQUIRE
                : TlsServerCredentials.ClientAuth.OPTIONAL);
    return new ServerTls(
        builder.build(),
        new ClientCertificates(trust, new CertificateNames(settings.clientRole()), clock));
  }

  /** What the server listens with. */
  public ServerCredentials credentials() {
    return credentials;
  }

  @Nullable ClientCertificates clients() {
    return clients;
  }
}

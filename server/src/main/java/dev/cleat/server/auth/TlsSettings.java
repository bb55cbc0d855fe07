package dev.cleat.server.auth;

import dev.cleat.v1.Role;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS at the listening port.
 *
 * @param certificate the file of the server's certificate and those between it and its authority
 * @param key the file of its private key
 * @param clientAuthorities the file of the authorities whose client certificates are trusted; null
 *     without these
 * @param clientAuth whether clients are asked for one
 * @param clientRole the role of a client certificate that does not say one; null if it must
 */
public record TlsSettings(
    Path certificate,
    Path key,
    @Nullable Path clientAuthorities,
    ClientAuth clientAuth,
    @Nullable Role clientRole) {
  /** Whether a client certificate says who calls. */
  public boolean identifies() {
    return clientAuthorities != null && clientAuth != ClientAuth.NONE;
  }
}

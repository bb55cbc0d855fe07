package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Credentials as a client sends them, and as an operator's file has them. */
final class Bearer {
  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Bearer() {}

  /** Sends these values with every call. */
  static Channel with(Channel channel, String... authorizations) {
    final Metadata headers = new Metadata();
    for (String authorization : authorizations) {
      headers.put(AUTHORIZATION, authorization);
    }
    final ClientInterceptor attaching = MetadataUtils.newAttachHeadersInterceptor(headers);
    return ClientInterceptors.intercept(channel, attaching);
  }

  static Channel token(Channel channel, String token) {
    return with(channel, "Bearer " + token);
  }

  /** An entry of a file of tokens. */
  static String entry(String name, String tenant, String role, String token, String more) {
    return "  - {name: %s, tenant: %s, role: %s, sha256: \"%s\"%s}\n"
        .formatted(name, tenant, role, sha256(token), more);
  }

  private static String sha256(String token) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes a file so that nobody reads half of it. */
  static Path write(Path file, String text) throws IOException {
    final Path draft = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
    return Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}

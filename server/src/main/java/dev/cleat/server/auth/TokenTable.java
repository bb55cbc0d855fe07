package dev.cleat.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.v1.Role;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tokens that are known, by their hashes. Immutable. */
final class TokenTable {
  /**
   * A token.
   *
   * @param name the subject of whoever bears it
   * @param sha256 of its bytes, in hexadecimal digits
   * @param expires null if it does not
   */
  record Entry(String name, String tenant, Role role, String sha256, @Nullable Instant expires) {}

  private final List<Entry> entries;
  private final List<byte[]> hashes;

  TokenTable(List<Entry> entries) {
    this.entries = List.copyOf(entries);
    this.hashes = entries.stream().map(entry -> HexFormat.of().parseHex(entry.sha256)).toList();
  }

  /**
   * Who bears this token, if it is a known one that has not expired. Every entry is compared to its
   * end, whichever is right: how long it takes says nothing.
   */
  Optional<Credential> find(String token, Instant now) {
    final byte[] hash = sha256(token);
    @Nullable Entry found = null;
    for (int i = 0; i < hashes.size(); i++) {
      found = MessageDigest.isEqual(hashes.get(i), hash) ? entries.get(i) : found;
    }
    if (found == null || (found.expires != null && !now.isBefore(found.expires))) {
      return Optional.empty();
    }
    return Optional.of(
        new Credential(new Caller(found.tenant, found.name, found.role, null), found.expires));
  }

  private static byte[] sha256(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

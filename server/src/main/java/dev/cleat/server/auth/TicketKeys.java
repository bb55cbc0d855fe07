package dev.cleat.server.auth;

import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.server.yaml.YamlFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * The keys that tickets are signed with. Immutable.
 *
 * @param all the first signs, each verifies what it has signed; at least one, each with an id of
 *     its own
 */
record TicketKeys(List<Key> all) {
  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 4;
  private static final List<String> FIELDS = List.of("id", "secret");

  /** A key. */
  record Key(String id, SecretKey secret) {}

  Key signing() {
    return all.getFirst();
  }

  Optional<Key> find(@Nullable String id) {
    return all.stream().filter(key -> key.id.equals(id)).findFirst();
  }

  /** The keys of a text. */
  static TicketKeys read(String file, String text) throws WrongFileException {
    final YamlFields yaml = new YamlFields(file);
    final List<Key> keys = new ArrayList<>();
    final Node list = KeyedList.of(yaml, file, text, "keys");
    final List<Node> items = list == null ? List.of() : yaml.items(list, "keys");
    for (int i = 0; i < items.size(); i++) {
      final String field = "keys[" + i + "]";
      final Key key = key(yaml, items.get(i), field);
      if (key != null && keys.stream().anyMatch(other -> other.id.equals(key.id))) {
        yaml.problem(items.get(i), field + ".id", "is there twice");
      } else if (key != null) {
        keys.add(key);
      }
    }
    if (!yaml.problems().isEmpty()) {
      throw new WrongFileException(yaml.problems());
    }
    return new TicketKeys(List.copyOf(keys));
  }

  private static @Nullable Key key(YamlFields yaml, Node node, String field) {
    final Map<String, Node> fields = yaml.mapping(node, field, FIELDS);
    final Node id = fields.get("id");
    final Node secret = fields.get("secret");
    if (id == null || secret == null) {
      yaml.problem(node, field, (id == null ? "id" : "secret") + " is missing");
      return null;
    }
    final String name = yaml.text(id, field + ".id");
    final SecretKey made = secret(yaml, secret, field + ".secret");
    if (name != null && name.isBlank()) {
      yaml.problem(id, field + ".id", "must not be blank");
    }
    return name == null || made == null ? null : new Key(name, made);
  }

  private static @Nullable SecretKey secret(YamlFields yaml, Node node, String field) {
    final String text = yaml.text(node, field);
    if (text == null) {
      return null;
    }
    try {
      final byte[] bytes = Base64.getDecoder().decode(text);
      if (bytes.length >= SECRET_BYTES) {
        return new SecretKeySpec(bytes, "HmacSHA256");
      }
    } catch (IllegalArgumentException e) {
      // Said below, without repeating what may be most of a secret.
    }
    yaml.problem(
        node,
        field,
        "must be at least 32 random bytes in base 64, such as `openssl rand -base64 32` makes");
    return null;
  }

  /** Writes a file with one new key, readable for its owner only, unless the file is there. */
  static void create(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    final SecureRandom random = new SecureRandom();
    final byte[] id = new byte[ID_BYTES];
    final byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(id);
    random.nextBytes(secret);
    final Path draft = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(draft);
    Files.createFile(
        draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    final String text =
        """
        # Tickets are signed with the first of these keys; each verifies those that it has signed.
        keys:
          - {id: "%s", secret: "%s"}
        """
            .formatted(HexFormat.of().formatHex(id), Base64.getEncoder().encodeToString(secret));
    // On the disk before it has its name: a power cut leaves all of it or nothing.
    Files.writeString(draft, text, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}

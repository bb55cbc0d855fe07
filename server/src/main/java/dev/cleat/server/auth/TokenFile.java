package dev.cleat.server.auth;

import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.server.yaml.YamlFields;
import dev.cleat.v1.Role;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a file of bearer tokens: their hashes, and whose they are. For one file and one thread. */
final class TokenFile {
  private static final List<String> REQUIRED = List.of("name", "tenant", "role", "sha256");
  private static final List<String> FIELDS = List.of("name", "tenant", "role", "sha256", "expires");
  private static final int MOST = 10_000;
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");

  private final YamlFields yaml;
  private final Map<String, String> hashes = new HashMap<>();

  private TokenFile(String file) {
    this.yaml = new YamlFields(file);
  }

  /** The tokens of a text. */
  static TokenTable read(String file, String text) throws WrongFileException {
    final TokenFile reader = new TokenFile(file);
    final List<TokenTable.Entry> entries = reader.entries(file, text);
    if (!reader.yaml.problems().isEmpty()) {
      throw new WrongFileException(reader.yaml.problems());
    }
    return new TokenTable(entries);
  }

  private List<TokenTable.Entry> entries(String file, String text) throws WrongFileException {
    final Node list = KeyedList.of(yaml, file, text, "tokens");
    final List<TokenTable.Entry> entries = new ArrayList<>();
    if (list == null || YamlFields.isEmpty(list)) {
      return entries; // No token at all is a wish like any other: the last one was withdrawn.
    }
    final List<Node> items = yaml.items(list, "tokens");
    if (items.size() > MOST) {
      yaml.problem(list, "tokens", "must be at most " + MOST);
      return entries;
    }
    for (int i = 0; i < items.size(); i++) {
      entry(items.get(i), "tokens[" + i + "]").ifPresent(entries::add);
    }
    return entries;
  }

  private Optional<TokenTable.Entry> entry(Node node, String field) {
    final Map<String, Node> fields = yaml.mapping(node, field, FIELDS);
    for (String required : REQUIRED) {
      if (node instanceof MappingNode && !fields.containsKey(required)) {
        yaml.problem(node, YamlFields.child(field, required), "is missing");
      }
    }
    final String name =
        matching(
            fields,
            field,
            "name",
            Claims::isSubject,
            "must be 1 to 190 characters, none a control character, and not begin with 'ticket:'");
    final String tenant =
        matching(
            fields,
            field,
            "tenant",
            Claims::isTenant,
            "must be 1 to 63 characters of a-z, 0-9 and '-', beginning with a letter or digit");
    final Role role = role(fields.get("role"), field + ".role");
    final String hash = hash(fields, field);
    final Instant expires = expires(fields.get("expires"), field + ".expires");
    return name == null || tenant == null || role == null || hash == null
        ? Optional.empty()
        : Optional.of(new TokenTable.Entry(name, tenant, role, hash, expires));
  }

  private @Nullable String matching(
      Map<String, Node> fields, String parent, String key, Predicate<String> right, String rule) {
    final Node node = fields.get(key);
    if (node == null) {
      return null;
    }
    final String field = YamlFields.child(parent, key);
    final String text = yaml.text(node, field);
    if (text != null && !right.test(text)) {
      yaml.problem(node, field, rule);
      return null;
    }
    return text;
  }

  private @Nullable Role role(@Nullable Node node, String field) {
    return node == null
        ? null
        : RoleWords.role(yaml.oneOf(node, field, RoleWords.all())).orElse(null);
  }

  private @Nullable String hash(Map<String, Node> fields, String parent) {
    final String text =
        matching(
            fields,
            parent,
            "sha256",
            SHA_256.asMatchPredicate(),
            "must be 64 hexadecimal digits: the SHA-256 of the token, and never the token itself");
    if (text == null) {
      return null;
    }
    final String hash = text.toLowerCase(Locale.ROOT);
    final String before = hashes.putIfAbsent(hash, parent);
    final Node node = fields.get("sha256");
    if (before != null && node != null) {
      yaml.problem(node, parent + ".sha256", "is that of " + before + ", too");
    }
    return hash;
  }

  private @Nullable Instant expires(@Nullable Node node, String field) {
    final String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return null;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      yaml.problem(node, field, "must be a time with its offset, such as 2027-01-31T00:00:00Z");
      return null;
    }
  }
}

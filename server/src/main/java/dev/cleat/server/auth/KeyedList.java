package dev.cleat.server.auth;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.server.yaml.YamlFields;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** A file with a list under one key, and nothing else. */
final class KeyedList {
  private KeyedList() {}

  /**
   * The list, whatever it is; null if there is a mistake, which {@code yaml} knows.
   *
   * @throws WrongFileException if there is nothing in the file: it may have been cut off
   */
  static @Nullable Node of(YamlFields yaml, String file, String text, String key)
      throws WrongFileException {
    final Optional<Node> root = yaml.document(text);
    if (root.isEmpty()) {
      if (yaml.problems().isEmpty()) {
        throw new WrongFileException(List.of(new Problem(file, 0, key, "is missing")));
      }
      return null;
    }
    final List<Problem> before = yaml.problems();
    final Node list = yaml.mapping(root.get(), "", List.of(key)).get(key);
    if (list == null && yaml.problems().equals(before)) {
      yaml.problem(root.get(), key, "is missing");
    }
    return list;
  }
}

package dev.cleat.server.yaml;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads typed values from YAML and notes every mistake with its line and field instead of stopping
 * at the first.
 *
 * <p>For one file and one thread.
 */
public final class YamlFields {
  private final String file;
  private final List<Problem> problems = new ArrayList<>();

  /**
   * Nothing read yet.
   *
   * @param file named in mistakes
   */
  public YamlFields(String file) {
    this.file = file;
  }

  /** The mistakes so far, by line. */
  public List<Problem> problems() {
    return problems.stream().sorted((a, b) -> Integer.compare(a.line(), b.line())).toList();
  }

  /**
   * Notes a mistake.
   *
   * @param field the path of keys to it
   */
  public void problem(Node where, String field, String message) {
    problems.add(new Problem(file, line(where.getStartMark()), field, message));
  }

  /** The document's root; empty if there is nothing in it or if it is not YAML. */
  public Optional<Node> document(String yaml) {
    LoadSettings settings =
        LoadSettings.builder().setLabel(file).setAllowNonScalarKeys(true).build();
    try {
      return new Compose(settings).composeString(yaml).filter(root -> !isNull(root));
    } catch (MarkedYamlEngineException e) {
      String context = e.getContext() == null ? "" : e.getContext() + ": ";
      problems.add(
          new Problem(file, line(e.getProblemMark()), "", "not YAML: " + context + e.getProblem()));
    } catch (YamlEngineException e) {
      problems.add(new Problem(file, 0, "", "not YAML: " + e.getMessage()));
    }
    return Optional.empty();
  }

  private static int line(Optional<Mark> mark) {
    return mark.map(m -> m.getLine() + 1).orElse(0);
  }

  /** Whether there is a key and no value. */
  public static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  /** The values by key, in the file's order. */
  public Map<String, Node> mapping(Node node, String field) {
    Map<String, Node> values = new LinkedHashMap<>();
    if (!(node instanceof MappingNode mapping)) {
      problem(node, field, "must be a mapping of keys to values");
      return values;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problem(tuple.getKeyNode(), field, "a key must be a plain word");
      } else if (values.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
        problem(key, child(field, key.getValue()), "is there twice");
      }
    }
    return values;
  }

  /** As {@link #mapping(Node, String)}; every key must be one of those known. */
  public Map<String, Node> mapping(Node node, String field, Collection<String> known) {
    Map<String, Node> values = mapping(node, field);
    values
        .entrySet()
        .removeIf(entry -> {
          boolean unknown = !known.contains(entry.getKey());
          if (unknown) {
            problem(
                entry.getValue(), child(field, entry.getKey()), unknownKey(entry.getKey(), known));
          }
          return unknown;
        });
    return values;
  }

  private static String unknownKey(String key, Collection<String> known) {
    List<String> near = NearNames.of(key, known);
    return near.isEmpty()
        ? "unknown key; known are " + String.join(", ", known)
        : "unknown key; did you mean " + String.join(" or ", near) + "?";
  }

  /** Whether there are values in a row. */
  public static boolean isList(Node node) {
    return node instanceof SequenceNode;
  }

  /** Whether it is a list without items. */
  public static boolean isEmpty(Node node) {
    return node instanceof SequenceNode sequence && sequence.getValue().isEmpty();
  }

  /** A text, number or truth value as it is written. */
  public @Nullable String text(Node node, String field) {
    if (!(node instanceof ScalarNode scalar)) {
      problem(node, field, "must be a single value");
      return null;
    }
    if (isNull(scalar)) {
      problem(node, field, "has no value");
      return null;
    }
    if (scalar.getValue().indexOf('\0') >= 0) {
      problem(node, field, "must not contain a NUL character");
      return null;
    }
    return scalar.getValue();
  }

  /** One of these words. */
  public @Nullable String oneOf(Node node, String field, Collection<String> words) {
    String text = text(node, field);
    if (text != null && !words.contains(text)) {
      problem(node, field, "'" + text + "' is not one of " + String.join(", ", words));
      return null;
    }
    return text;
  }

  /** The items of a list that has at least one. */
  public List<Node> items(Node node, String field) {
    if (!(node instanceof SequenceNode sequence)) {
      problem(node, field, "must be a list");
      return List.of();
    }
    if (sequence.getValue().isEmpty()) {
      problem(node, field, "must not be empty");
    }
    return sequence.getValue();
  }

  /** The path of a key within another. */
  public static String child(String field, String key) {
    return field.isEmpty() ? key : field + "." + key;
  }
}

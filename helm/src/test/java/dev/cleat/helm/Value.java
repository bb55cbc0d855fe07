package dev.cleat.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.comments.CommentLine;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * A value of values.yaml, or a section of values.
 *
 * @param path with dots
 * @param isLeaf whether it is a value: the schema knows none below it
 * @param description the comment above it
 * @param fallback what it is by default, as JSON
 */
record Value(String path, boolean isLeaf, String description, String fallback) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** All of them, each section before what is in it. */
  static List<Value> ofChart() {
    try {
      String text = Files.readString(Chart.FOLDER.resolve("values.yaml"));
      Node root =
          new Compose(LoadSettings.builder().setParseComments(true).build())
              .composeString(text)
              .orElseThrow();
      JsonNode schema = JSON.readTree(Chart.FOLDER.resolve("values.schema.json").toFile());
      List<Value> values = new ArrayList<>();
      add((MappingNode) root, "", Yaml.MAPPER.readTree(text), schema, schema, values);
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(
      MappingNode mapping,
      String prefix,
      JsonNode defaults,
      JsonNode schema,
      JsonNode root,
      List<Value> values) {
    for (NodeTuple tuple : mapping.getValue()) {
      ScalarNode key = (ScalarNode) tuple.getKeyNode();
      String path = prefix + key.getValue();
      JsonNode its = resolved(schema.at("/properties").path(key.getValue()), root);
      JsonNode fallback = defaults.path(key.getValue());
      boolean isSection = isSection(path, its);
      values.add(new Value(path, !isSection, comment(key), fallback.toString()));
      if (isSection) {
        add((MappingNode) tuple.getValueNode(), path + ".", fallback, its, root, values);
      }
    }
  }

  /** The paths that the schema knows, as far down as there are values. */
  static List<String> pathsOfSchema(JsonNode schema) {
    List<String> paths = new ArrayList<>();
    paths(schema, "", schema, paths);
    paths.remove("global"); // Helm's own
    return paths;
  }

  private static void paths(JsonNode schema, String prefix, JsonNode root, List<String> paths) {
    schema
        .at("/properties")
        .properties()
        .forEach(field -> {
          String path = prefix + field.getKey();
          JsonNode its = resolved(field.getValue(), root);
          paths.add(path);
          if (isSection(path, its)) {
            paths(its, path + ".", root, paths);
          }
        });
  }

  private static JsonNode resolved(JsonNode schema, JsonNode root) {
    return schema.has("$ref") ? root.at(schema.get("$ref").asText().substring(1)) : schema;
  }

  /** What is Kubernetes' or the server's is one value, whatever the schema knows of its inside. */
  private static boolean isSection(String path, JsonNode schema) {
    return schema.has("properties") && !path.equals("resources") && !path.equals("config");
  }

  private static String comment(ScalarNode key) {
    List<CommentLine> lines = key.getBlockComments();
    return lines == null
        ? ""
        : lines.stream()
            .map(line -> line.getValue().strip())
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining(" "));
  }

  /** A line of a table of values. */
  String row() {
    String name = isLeaf ? "`%s`".formatted(path) : "**`%s`**".formatted(path);
    return "| %s | %s | %s |"
        .formatted(name, isLeaf ? cell("`" + fallback + "`") : "", cell(description));
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}

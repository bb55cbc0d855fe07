package dev.cleat.server.tool;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.server.yaml.YamlFields;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads from a catalogue file how a tool is told a setting. For one file and one thread. */
final class SettingFields {
  private static final List<String> FIELDS = List.of("variable", "json", "args");

  /** An alias may stand within what it stands for. */
  private static final int MOST_LEVELS = 20;

  private final YamlFields yaml;
  private final CommandFields commands;

  SettingFields(YamlFields yaml, CommandFields commands) {
    this.yaml = yaml;
    this.commands = commands;
  }

  /**
   * How a program is told one setting.
   *
   * @param name of the setting, which its placeholder has
   * @return empty after a mistake that leaves nothing of it
   */
  Optional<SettingForm> form(Node node, String field, String name) {
    Map<String, Node> fields = yaml.mapping(node, field, FIELDS);
    if (fields.isEmpty()) {
      yaml.problem(node, field, "needs variable, json or args");
      return Optional.empty();
    }
    String placeholder = "{" + name + "}";
    @Nullable Node variable = fields.get("variable");
    @Nullable Node json = fields.get("json");
    @Nullable Node args = fields.get("args");
    return Optional.of(
        new SettingForm(
            placeholder,
            variable == null ? List.of() : commands.variables(variable, field + ".variable"),
            json == null ? Map.of() : documents(json, field + ".json", placeholder),
            args == null ? List.of() : args(args, field + ".args", placeholder)));
  }

  private List<String> args(Node node, String field, String placeholder) {
    List<String> words = commands.words(node, field);
    if (words.stream().noneMatch(word -> word.contains(placeholder))) {
      yaml.problem(node, field, "must contain " + placeholder);
    }
    return words;
  }

  private Map<String, ObjectNode> documents(Node node, String field, String placeholder) {
    Map<String, ObjectNode> documents = new LinkedHashMap<>();
    yaml.mapping(node, field)
        .forEach((variable, value) -> {
          String path = YamlFields.child(field, variable);
          if (!CommandFields.isVariable(variable)) {
            yaml.problem(value, path, CommandFields.NO_VARIABLE);
          } else {
            ObjectNode document = object(value, path, MOST_LEVELS);
            if (!mentions(document, placeholder)) {
              yaml.problem(value, path, "must contain " + placeholder);
            }
            documents.put(variable, document);
          }
        });
    return documents;
  }

  private static boolean mentions(JsonNode node, String placeholder) {
    if (node.isTextual()) {
      return node.textValue().contains(placeholder);
    }
    for (JsonNode part : node) {
      if (mentions(part, placeholder)) {
        return true;
      }
    }
    return false;
  }

  private ObjectNode object(Node node, String field, int levels) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    yaml.mapping(node, field)
        .forEach(
            (key, value) -> object.set(key, json(value, YamlFields.child(field, key), levels - 1)));
    return object;
  }

  /**
   * Reads what is in a document.
   *
   * @param levels how many more there may be
   */
  private JsonNode json(Node node, String field, int levels) {
    if (levels == 0) {
      yaml.problem(node, field, "is more than " + MOST_LEVELS + " levels deep");
      return JsonNodeFactory.instance.nullNode();
    }
    return switch (node) {
      case MappingNode _ -> object(node, field, levels);
      case SequenceNode list -> {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Node item : list.getValue()) {
          array.add(json(item, field + "[" + array.size() + "]", levels - 1));
        }
        yield array;
      }
      default -> value(node, field);
    };
  }

  private JsonNode value(Node node, String field) {
    String text = yaml.text(node, field);
    if (text == null) {
      return JsonNodeFactory.instance.nullNode();
    }
    Tag tag = node.getTag();
    if (tag.equals(Tag.BOOL)) {
      return JsonNodeFactory.instance.booleanNode(Boolean.parseBoolean(text));
    }
    if (tag.equals(Tag.INT)) {
      return number(
          node, field, text, words -> JsonNodeFactory.instance.numberNode(new BigInteger(words)));
    }
    if (tag.equals(Tag.FLOAT)) {
      return number(
          node, field, text, words -> JsonNodeFactory.instance.numberNode(new BigDecimal(words)));
    }
    return JsonNodeFactory.instance.textNode(text);
  }

  /** A tag that is written out may say of anything that it is a number. */
  private JsonNode number(Node node, String field, String text, Function<String, JsonNode> read) {
    try {
      return read.apply(text);
    } catch (NumberFormatException e) {
      yaml.problem(node, field, "is no number of JSON");
      return JsonNodeFactory.instance.nullNode();
    }
  }
}

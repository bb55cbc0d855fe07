package dev.cleat.server.tool;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.server.tool.ToolException.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a tool is told, when it is started, of what its session sets. Settings may share a document.
 *
 * <p>For one start and one thread.
 */
final class Telling {
  private final Map<String, String> variables = new LinkedHashMap<>();
  private final Map<String, ObjectNode> documents = new LinkedHashMap<>();
  private final List<String> args = new ArrayList<>();

  private Telling() {}

  /**
   * What is to be said for this request.
   *
   * @throws ToolException {@link Kind#TOOL_NOT_SUPPORTED} for what the tool cannot be told
   */
  static Telling of(Tool tool, LaunchRequest request) throws ToolException {
    Telling telling = new Telling();
    if (!request.endpoint().isEmpty()) {
      telling.add(
          tool.endpoint(request.way())
              .orElseThrow(() ->
                  cannotBeTold(
                      tool, request.way(), "endpoint", way -> tool.endpoint(way).isPresent())),
          request.endpoint());
    }
    if (!request.role().isEmpty()) {
      checkRole(tool, request.way());
      tool.role(request.way()).ifPresent(form -> telling.add(form, request.role()));
    }
    return telling;
  }

  /**
   * Refuses any role in a way in which the tool cannot be told one.
   *
   * @throws ToolException {@link Kind#TOOL_NOT_SUPPORTED}
   */
  static void checkRole(Tool tool, Way way) throws ToolException {
    if (!tool.takesRole(way)) {
      throw cannotBeTold(tool, way, "role", tool::takesRole);
    }
  }

  private static ToolException cannotBeTold(
      Tool tool, Way way, String setting, Predicate<Way> other) {
    String others =
        tool.ways().stream().filter(other).map(Way::toString).collect(Collectors.joining(" or "));
    return new ToolException(
        Kind.TOOL_NOT_SUPPORTED,
        tool.name(),
        setting,
        "The tool '%s' cannot be told its %s by %s: %s"
            .formatted(
                tool.name(),
                setting,
                way,
                others.isEmpty()
                    ? "its entry in the catalogue does not say how"
                    : "it can by " + others));
  }

  private void add(SettingForm form, String value) {
    form.variables().forEach(name -> variables.put(name, value));
    form.documents()
        .forEach((name, document) ->
            merge(
                filled(document, form.placeholder(), value),
                documents.computeIfAbsent(name, _ -> JsonNodeFactory.instance.objectNode())));
    form.args().forEach(word -> args.add(word.replace(form.placeholder(), value)));
  }

  /** Words to put behind the program. */
  List<String> args() {
    return args;
  }

  /**
   * Sets the variables.
   *
   * @param sessions the variables that the session itself sets
   * @throws ToolException {@link Kind#VARIABLE_TAKEN} for one that a document would replace
   */
  void addTo(Map<String, String> environment, Map<String, String> sessions, String tool)
      throws ToolException {
    environment.putAll(variables);
    for (Map.Entry<String, ObjectNode> document : documents.entrySet()) {
      if (sessions.containsKey(document.getKey())) {
        throw new ToolException(
            Kind.VARIABLE_TAKEN,
            tool,
            "env",
            ("%s is what tells the tool '%s' its endpoint or role: leave these out, or the"
                    + " variable")
                .formatted(document.getKey(), tool));
      }
      environment.put(document.getKey(), document.getValue().toString());
    }
  }

  private static ObjectNode filled(ObjectNode document, String placeholder, String value) {
    ObjectNode filled = JsonNodeFactory.instance.objectNode();
    document
        .properties()
        .forEach(
            member -> filled.set(member.getKey(), filled(member.getValue(), placeholder, value)));
    return filled;
  }

  private static JsonNode filled(JsonNode node, String placeholder, String value) {
    return switch (node) {
      case ObjectNode object -> filled(object, placeholder, value);
      case ArrayNode array -> {
        ArrayNode filled = JsonNodeFactory.instance.arrayNode();
        array.forEach(item -> filled.add(filled(item, placeholder, value)));
        yield filled;
      }
      case JsonNode text when text.isTextual() ->
          JsonNodeFactory.instance.textNode(text.textValue().replace(placeholder, value));
      default -> node;
    };
  }

  /** Adds what one object has to another that has other parts of the same. */
  private static void merge(ObjectNode from, ObjectNode to) {
    from.properties()
        .forEach(member -> {
          if (member.getValue() instanceof ObjectNode inner
              && to.get(member.getKey()) instanceof ObjectNode there) {
            merge(inner, there);
          } else {
            to.set(member.getKey(), member.getValue());
          }
        });
  }
}

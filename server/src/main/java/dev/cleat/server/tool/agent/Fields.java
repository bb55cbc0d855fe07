package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Reads fields of JSON that may be missing or of another type than expected. */
final class Fields {
  private static final int TITLE_LENGTH = 200;

  private Fields() {}

  /** A field's text; empty when it has none. */
  static String text(JsonNode object, String field) {
    JsonNode value = object.path(field);
    return value.isTextual() ? value.textValue() : "";
  }

  /** A field's number; 0 when it has none, or one below 0. */
  static long count(JsonNode object, String field) {
    return Math.max(0, object.path(field).asLong());
  }

  /** The first of some texts that is not empty; empty when all are. */
  static String firstOf(String... texts) {
    for (String text : texts) {
      if (!text.isEmpty()) {
        return text;
      }
    }
    return "";
  }

  /** A field's text in each of some objects; empty where it has none. */
  static List<String> texts(JsonNode objects, String field) {
    List<String> texts = new ArrayList<>(objects.size());
    objects.forEach(object -> texts.add(text(object, field)));
    return texts;
  }

  /** The first of some fields that has a text. */
  static String firstOf(JsonNode object, List<String> fields) {
    return firstOf(fields.stream().map(field -> text(object, field)).toArray(String[]::new));
  }

  /** The texts of those fields that have one. */
  static List<String> all(JsonNode object, List<String> fields) {
    return fields.stream().map(field -> text(object, field)).filter(t -> !t.isEmpty()).toList();
  }

  /**
   * What a tool returned, as text: a text, or the texts of a list of blocks such as {@code
   * {"type":"text","text":"…"}}, a line each.
   */
  static String content(JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode block : content) {
      if (block.path("text").isTextual()) {
        text.append(text.isEmpty() ? "" : "\n").append(text(block, "text"));
      }
    }
    return text.toString();
  }

  /** The first line of a text that has any, for a title. */
  static String oneLine(String text) {
    String line = text.lines().map(String::strip).filter(l -> !l.isEmpty()).findFirst().orElse("");
    if (line.codePointCount(0, line.length()) <= TITLE_LENGTH) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, TITLE_LENGTH - 1)) + "…";
  }
}

package dev.cleat.helm;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The server's settings, and which of them the chart writes itself. */
final class Settings {
  /** Those that follow from the chart's own values. A name with a dot at its end is a section. */
  private static final List<String> OF_THE_CHART =
      List.of(
          "listen",
          "allow_insecure_listen",
          "data",
          "config",
          "catalogue",
          "policy",
          "tls.",
          "auth.",
          "admin.listen",
          "session.stop_grace",
          "shutdown.turns",
          "shutdown.grace");

  private static final ObjectMapper JSON = new ObjectMapper();

  private Settings() {}

  /** Each setting's name, and what stands for its value in help. */
  static Map<String, String> known() {
    Map<String, String> known = new TreeMap<>();
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      known.put(key.name(), key.placeholder());
    }
    return known;
  }

  private static boolean isOfTheChart(String name) {
    return OF_THE_CHART.stream()
        .anyMatch(own -> own.endsWith(".") ? name.startsWith(own) : name.equals(own));
  }

  /** What the schema must say of {@code config}: every other setting, and no other name. */
  static ObjectNode schema() {
    ObjectNode schema = object();
    known()
        .forEach((name, placeholder) -> {
          if (isOfTheChart(name)) {
            return;
          }
          ObjectNode properties = (ObjectNode) schema.get("properties");
          int dot = name.indexOf('.');
          if (dot >= 0) {
            String section = name.substring(0, dot);
            if (!properties.has(section)) {
              properties.set(section, object());
            }
            properties = (ObjectNode) properties.get(section).get("properties");
          }
          properties.set(name.substring(dot + 1), type(placeholder));
        });
    return schema;
  }

  private static ObjectNode object() {
    ObjectNode object = JSON.createObjectNode();
    object.put("type", "object").put("additionalProperties", false).putObject("properties");
    return object;
  }

  private static ObjectNode type(String placeholder) {
    ObjectNode type = JSON.createObjectNode();
    return switch (placeholder) {
      case "true|false" -> type.put("type", "boolean");
      case "NUMBER" -> type.put("type", "integer");
      case "DURATION" -> type.put("$ref", "#/$defs/duration");
      case "SIZE" -> type.put("$ref", "#/$defs/size");
      default -> {
        if (placeholder.matches("[a-z_|-]+")) {
          ArrayNode words = type.putArray("enum");
          List.of(placeholder.split("\\|")).forEach(words::add);
          yield type;
        }
        yield type.put("type", "string");
      }
    };
  }
}

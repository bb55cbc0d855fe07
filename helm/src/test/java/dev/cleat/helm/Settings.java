package dev.cleat.helm;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.server.boot.ConfigException;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final Pattern BOUNDS = Pattern.compile("must be (\\d+) to (\\d+)");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Settings() {}

  private static Map<String, ConfigKey<?>> known() {
    Map<String, ConfigKey<?>> known = new TreeMap<>();
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      known.put(key.name(), key);
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
        .forEach((name, key) -> {
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
          properties.set(name.substring(dot + 1), type(key));
        });
    return schema;
  }

  private static ObjectNode object() {
    ObjectNode object = JSON.createObjectNode();
    object.put("type", "object").put("additionalProperties", false).putObject("properties");
    return object;
  }

  private static ObjectNode type(ConfigKey<?> key) {
    String placeholder = key.placeholder();
    ObjectNode type = JSON.createObjectNode();
    return switch (placeholder) {
      case "true|false" -> type.put("type", "boolean");
      case "NUMBER" -> bounded(key, type.put("type", "integer"));
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

  /** Between the bounds that the server names when it refuses what is in none. */
  private static ObjectNode bounded(ConfigKey<?> key, ObjectNode type) {
    try {
      ConfigLoader.load(Map.of(key.environmentName(), "-1"), Map.of());
    } catch (ConfigException e) {
      Matcher bounds = BOUNDS.matcher(e.getMessage());
      if (bounds.find()) {
        return type.put("minimum", Integer.parseInt(bounds.group(1)))
            .put("maximum", Integer.parseInt(bounds.group(2)));
      }
    }
    throw new AssertionError(key + " has no bounds");
  }
}

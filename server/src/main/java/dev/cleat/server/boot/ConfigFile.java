package dev.cleat.server.boot;

import dev.cleat.server.yaml.NearNames;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
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
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads the settings of one YAML file, and notes what is wrong with it. For one thread. */
final class ConfigFile {
  private final String shown;
  private final Path folder;
  private final Map<String, ConfigKey<?>> known = new LinkedHashMap<>();
  private final List<String> problems;
  private final Map<ConfigKey<?>, Given> given = new HashMap<>();

  private ConfigFile(String shown, Path folder, List<String> problems) {
    this.shown = shown;
    this.folder = folder;
    this.problems = problems;
    ConfigKeys.ALL.forEach(key -> known.put(key.name(), key));
  }

  /**
   * The settings of a file.
   *
   * @param named who named the file, and how
   * @param problems gets what is wrong
   */
  static Map<ConfigKey<?>, Given> read(Given named, List<String> problems) {
    Path path = Path.of(named.text()).toAbsolutePath();
    ConfigFile file = new ConfigFile(named.text(), path.resolveSibling(""), problems);
    try {
      file.document(Files.readString(path));
    } catch (NoSuchFileException e) {
      problems.add("%s: there is no file %s".formatted(named.label(), named.text()));
    } catch (MalformedInputException e) {
      problems.add("%s: %s is not a text in UTF-8".formatted(named.label(), named.text()));
    } catch (IOException e) {
      problems.add("%s: %s cannot be read: %s".formatted(named.label(), named.text(), e));
    }
    return file.given;
  }

  private void document(String yaml) {
    try {
      Optional<Node> root =
          new Compose(LoadSettings.builder().setLabel(shown).setAllowNonScalarKeys(true).build())
              .composeString(yaml);
      root.ifPresent(node -> section(node, ""));
    } catch (MarkedYamlEngineException e) {
      String context = e.getContext() == null ? "" : e.getContext() + ": ";
      problems.add(
          "%s: is not YAML: %s%s".formatted(place(e.getProblemMark()), context, e.getProblem()));
    } catch (YamlEngineException e) {
      problems.add("%s: is not YAML: %s".formatted(shown, e.getMessage()));
    }
  }

  private void section(Node node, String prefix) {
    if (node.getTag().equals(Tag.NULL)) {
      return; // A section whose lines are all comments.
    }
    if (!(node instanceof MappingNode mapping)) {
      String what = prefix.isEmpty() ? "settings" : "the settings under it";
      problem(node, prefix, "expects %s, one `name: value` a line".formatted(what));
      return;
    }
    Map<String, Node> seen = new HashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problem(tuple.getKeyNode(), prefix, "expects a name before the colon");
        continue;
      }
      String name = prefix + key.getValue();
      Node before = seen.putIfAbsent(name, key);
      if (before == null) {
        entry(name, key, tuple.getValueNode());
      } else {
        problem(key, name, "is there twice, first at %s".formatted(place(before.getStartMark())));
      }
    }
  }

  private void entry(String name, ScalarNode where, Node value) {
    ConfigKey<?> key = known.get(name);
    if (key != null && where.getValue().contains(".")) {
      int dot = name.lastIndexOf('.');
      problem(
          where,
          name,
          "belongs on a line of its own, `%s:`, under `%s:`"
              .formatted(name.substring(dot + 1), name.substring(0, dot)));
    } else if (key == ConfigKeys.CONFIG) {
      problem(where, name, "cannot be set in the file that it names");
    } else if (key != null) {
      setting(key, value);
    } else if (known.keySet().stream().anyMatch(other -> other.startsWith(name + "."))) {
      section(value, name + ".");
    } else {
      problem(where, name, "there is no such setting" + meant(name));
    }
  }

  private String meant(String name) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    List<String> elsewhere =
        known.keySet().stream().filter(other -> other.endsWith("." + last)).toList();
    List<String> near =
        elsewhere.isEmpty()
            ? NearNames.of(name, known.keySet()).stream().limit(1).toList()
            : elsewhere;
    return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
  }

  private void setting(ConfigKey<?> key, Node value) {
    if (!(value instanceof ScalarNode scalar)) {
      problem(value, key.name(), "expects a single value");
      return;
    }
    if (scalar.getTag().equals(Tag.NULL)) {
      problem(value, key.name(), "has no value; leave the line out for the default");
      return;
    }
    String text = scalar.getValue();
    try {
      key.parse(text);
    } catch (IllegalArgumentException e) {
      problem(value, key.name(), e.getMessage());
      return;
    }
    String meant = resolved(key, text);
    given.put(key, Given.byFile(key, meant, place(value.getStartMark())));
  }

  /** Relative paths are relative to the file's folder. */
  private String resolved(ConfigKey<?> key, String text) {
    if (key.type().equals(ConfigType.PATH)
        || (key.type().equals(ConfigType.PATH_OR_URL) && !ConfigType.isUrl(text))
        || (key.type().equals(ConfigType.AUDIT)
            && AuditTarget.parse(text) instanceof AuditTarget.File)) {
      return folder.resolve(text).toString();
    }
    return key.type().equals(ConfigType.PATHS) && !text.isEmpty()
        ? Arrays.stream(text.split(":", -1))
            .map(path -> folder.resolve(path).toString())
            .collect(Collectors.joining(":"))
        : text;
  }

  private void problem(Node where, String name, @Nullable String message) {
    String shownName = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    problems.add(
        place(where.getStartMark())
            + (shownName.isEmpty() ? ": " : ": " + shownName + ": ")
            + message);
  }

  /** {@code file:line:column}, both from 1. */
  private String place(Optional<Mark> mark) {
    return mark.map(at -> "%s:%d:%d".formatted(shown, at.getLine() + 1, at.getColumn() + 1))
        .orElse(shown);
  }
}

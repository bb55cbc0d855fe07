package dev.cleat.server.boot;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.ScalarStyle;

/** A configuration that is right, and where each of its values comes from. */
public final class LoadedConfig {
  /** What means the same with and without quotes. */
  private static final Pattern PLAIN =
      Pattern.compile("[A-Za-z0-9/]([A-Za-z0-9/._:-]*[A-Za-z0-9])?");

  private static final Dump QUOTING =
      new Dump(
          DumpSettings.builder()
              .setDefaultScalarStyle(ScalarStyle.DOUBLE_QUOTED)
              .setSplitLines(false)
              .build());

  private final Config config;
  private final Map<ConfigKey<?>, Given> given;
  private final List<String> warnings;

  LoadedConfig(Config config, Map<ConfigKey<?>, Given> given, List<String> warnings) {
    this.config = config;
    this.given = Map.copyOf(given);
    this.warnings = List.copyOf(warnings);
  }

  /** The settings. */
  public Config config() {
    return config;
  }

  /** What looks like a mistake and may be none, one line each. */
  public List<String> warnings() {
    return warnings;
  }

  /** Where a setting's value comes from; empty if it has no value. */
  public Optional<String> place(ConfigKey<?> key) {
    return Optional.ofNullable(given.get(key)).map(Given::place);
  }

  /**
   * Every setting as YAML, each with the place that its value comes from in a comment. As a file,
   * it gives the same configuration again.
   */
  public String toYaml() {
    StringBuilder yaml = new StringBuilder();
    String section = "";
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      int dot = key.name().indexOf('.');
      String its = dot < 0 ? "" : key.name().substring(0, dot);
      if (!its.equals(section)) {
        yaml.append(its.isEmpty() ? "" : its + ":\n");
        section = its;
      }
      yaml.append(its.isEmpty() ? "" : "  ").append(line(key, given.get(key))).append('\n');
    }
    return yaml.toString();
  }

  private static String line(ConfigKey<?> key, @Nullable Given value) {
    String name = key.name().substring(key.name().indexOf('.') + 1);
    if (value == null) {
      return "# %s: not set".formatted(name);
    }
    String line =
        "%s: %s  # %s".formatted(name, scalar(key.normalised(value.text())), value.place());
    // A file does not name itself.
    return key == ConfigKeys.CONFIG ? "# " + line : line;
  }

  private static String scalar(String text) {
    return PLAIN.matcher(text).matches() ? text : QUOTING.dumpToString(text).stripTrailing();
  }
}

package dev.cleat.server.tool;

import dev.cleat.server.yaml.YamlFields;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads durations from a catalogue file. For one file and one thread. */
final class DurationFields {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m)");
  private static final Duration SHORTEST = Duration.ofMillis(50);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final YamlFields yaml;

  DurationFields(YamlFields yaml) {
    this.yaml = yaml;
  }

  /**
   * A duration of 50 ms to 10 minutes.
   *
   * @param otherwise where there is none, or after a mistake
   */
  Duration duration(@Nullable Node node, String field, Duration otherwise) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return otherwise;
    }
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration duration =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
          };
      if (duration.compareTo(SHORTEST) >= 0 && duration.compareTo(LONGEST) <= 0) {
        return duration;
      }
    }
    yaml.problem(node, field, "must be a duration such as 500ms, 2s or 1m, from 50ms to 10m");
    return otherwise;
  }
}

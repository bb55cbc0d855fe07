package dev.cleat.server.tool;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cleat.server.yaml.YamlFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads patterns from a catalogue file: regular expressions of RE2. For one file and one thread.
 */
final class PatternFields {
  private static final int CHARACTERS = 1_000;

  private final YamlFields yaml;

  PatternFields(YamlFields yaml) {
    this.yaml = yaml;
  }

  /** Empty after a mistake. */
  Optional<Pattern> pattern(Node node, String field) {
    String text = yaml.text(node, field);
    if (text == null) {
      return Optional.empty();
    }
    if (text.length() > CHARACTERS) {
      yaml.problem(node, field, "has more than 1,000 characters");
      return Optional.empty();
    }
    try {
      return Optional.of(Pattern.compile(text));
    } catch (PatternSyntaxException e) {
      yaml.problem(node, field, "is not a regular expression (RE2): " + e.getDescription().strip());
      return Optional.empty();
    }
  }

  /** A pattern that says something by what is found: it must not find nothing. */
  Optional<Pattern> telling(Node node, String field) {
    Optional<Pattern> pattern = pattern(node, field);
    if (pattern.isPresent() && pattern.get().matcher("").find()) {
      yaml.problem(node, field, "is found everywhere, even where there is nothing");
      return Optional.empty();
    }
    return pattern;
  }

  /** One, or a list of them. */
  List<Pattern> tellingAll(Node node, String field) {
    if (!YamlFields.isList(node)) {
      return telling(node, field).stream().toList();
    }
    List<Node> items = yaml.items(node, field);
    List<Pattern> patterns = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      telling(items.get(i), field + "[" + i + "]").ifPresent(patterns::add);
    }
    return patterns;
  }
}

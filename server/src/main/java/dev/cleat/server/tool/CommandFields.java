package dev.cleat.server.tool;

import dev.cleat.server.yaml.YamlFields;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads commands from a catalogue file: lists of words. For one file and one thread. */
final class CommandFields {
  static final String NO_VARIABLE = "a variable's name must not be empty or contain '='";
  private static final Pattern VARIABLE = Pattern.compile("[^=\\x00]+");

  private final YamlFields yaml;

  CommandFields(YamlFields yaml) {
    this.yaml = yaml;
  }

  /** A program and its arguments; empty after a mistake that leaves nothing of it. */
  List<String> command(Node node, String field) {
    List<String> words = words(node, field);
    if (!words.isEmpty()) {
      checkProgram(yaml.items(node, field).getFirst(), field + "[0]", words.getFirst());
    }
    return words;
  }

  /** At least one word. */
  List<String> words(Node node, String field) {
    List<Node> items = yaml.items(node, field);
    String[] words = new String[items.size()];
    for (int i = 0; i < words.length; i++) {
      words[i] = word(items.get(i), field + "[" + i + "]");
    }
    return List.of(words);
  }

  String word(Node node, String field) {
    return Optional.ofNullable(yaml.text(node, field)).orElse("");
  }

  void checkProgram(Node node, String field, String word) {
    if (word.isEmpty() || (!word.startsWith("/") && word.indexOf('/') >= 0)) {
      yaml.problem(node, field, "must be the name of a program or an absolute path");
    }
  }

  /** A variable's name, or several. */
  List<String> variables(Node node, String field) {
    boolean several = YamlFields.isList(node);
    List<String> names = several ? words(node, field) : List.of(word(node, field));
    for (int i = 0; i < names.size(); i++) {
      if (!isVariable(names.get(i))) {
        yaml.problem(
            several ? yaml.items(node, field).get(i) : node,
            several ? field + "[" + i + "]" : field,
            NO_VARIABLE);
      }
    }
    return names;
  }

  static boolean isVariable(String name) {
    return VARIABLE.matcher(name).matches();
  }
}

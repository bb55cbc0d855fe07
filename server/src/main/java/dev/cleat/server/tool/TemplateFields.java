package dev.cleat.server.tool;

import dev.cleat.server.yaml.YamlFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads templates from a catalogue file: lists of words with placeholders, and of lists of words
 * that may be left out. For one file and one thread.
 */
final class TemplateFields {
  private static final String KNOWN =
      Arrays.stream(Placeholder.values())
          .map(Placeholder::toString)
          .collect(Collectors.joining(", "));

  private final YamlFields yaml;
  private final CommandFields commands;

  TemplateFields(YamlFields yaml, CommandFields commands) {
    this.yaml = yaml;
    this.commands = commands;
  }

  /** The template of a first turn; empty after a mistake that leaves nothing of it. */
  Optional<Template> first(Node node, String field, SessionToken token, HeadlessInput input) {
    Optional<Template> template = template(node, field, input);
    template.ifPresent(read -> {
      boolean has = read.uses(Placeholder.SESSION);
      if (token == SessionToken.SET && !has) {
        yaml.problem(node, field, "must contain {session}, which token: set chooses");
      } else if (token == SessionToken.FOUND && has) {
        yaml.problem(
            node, field, "must not contain {session}: there is none yet, unless by token: set");
      }
    });
    return template;
  }

  /** The template of a turn after the first; empty after a mistake that leaves nothing of it. */
  Optional<Template> resuming(Node node, String field, HeadlessInput input) {
    Optional<Template> template = template(node, field, input);
    template
        .filter(read -> !read.uses(Placeholder.SESSION))
        .ifPresent(_ -> yaml.problem(node, field, "must contain {session}"));
    return template;
  }

  private Optional<Template> template(Node node, String field, HeadlessInput input) {
    List<Node> items = yaml.items(node, field);
    if (items.isEmpty()) {
      return Optional.empty();
    }
    List<Template.Part> parts = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      parts.add(part(items.get(i), field + "[" + i + "]", i == 0));
    }
    long prompts = count(parts, Placeholder.PROMPT);
    if (input == HeadlessInput.NONE && prompts != 1) {
      yaml.problem(
          node, field, "must contain {prompt} exactly once, and not " + prompts + " times");
    } else if (input != HeadlessInput.NONE && prompts + count(parts, Placeholder.IMAGE) > 0) {
      yaml.problem(
          node, field, "must not contain {prompt} or {image}: they come by standard input");
    }
    return parts.getFirst().words().isEmpty() ? Optional.empty() : Optional.of(new Template(parts));
  }

  private static long count(List<Template.Part> parts, Placeholder placeholder) {
    return parts.stream()
        .flatMap(part -> part.placeholders().stream())
        .filter(placeholder::equals)
        .count();
  }

  private Template.Part part(Node node, String field, boolean first) {
    boolean optional = YamlFields.isList(node);
    List<String> words =
        optional ? commands.words(node, field) : List.of(commands.word(node, field));
    Template.Part part = new Template.Part(words, optional);
    words.forEach(word -> checkNames(node, field, word));
    List<Placeholder> used = part.placeholders();
    if (first) {
      if (optional || !used.isEmpty()) {
        yaml.problem(node, field, "must be a program, without placeholders");
      } else {
        commands.checkProgram(node, field, words.getFirst());
      }
    } else if (optional) {
      checkOptional(node, field, words, used);
    } else {
      used.stream()
          .filter(one -> one != Placeholder.PROMPT)
          .filter(one -> one != Placeholder.SESSION && one != Placeholder.WORKDIR)
          .distinct()
          .forEach(one ->
              yaml.problem(
                  node,
                  field,
                  one
                      + " can be empty: put it into a list of its own, such as [--x, \""
                      + one
                      + "\"], which is then left out"));
    }
    return part;
  }

  private void checkOptional(Node node, String field, List<String> words, List<Placeholder> used) {
    if (used.contains(Placeholder.PROMPT)) {
      yaml.problem(node, field, "{prompt} must not be in a list that may be left out");
    } else if (used.isEmpty() && words.stream().allMatch(w -> Placeholder.namesIn(w).isEmpty())) {
      yaml.problem(node, field, "has no placeholder, so it is never left out: write its words out");
    }
  }

  private void checkNames(Node node, String field, String word) {
    for (String name : Placeholder.namesIn(word)) {
      if (Placeholder.named(name).isEmpty()) {
        yaml.problem(node, field, "unknown placeholder {" + name + "}; known are " + KNOWN);
      }
    }
  }
}

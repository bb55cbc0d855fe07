package dev.cleat.server.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The command that starts another one elsewhere, such as {@code docker exec}. It becomes an
 * argument vector and never meets a shell.
 *
 * @param parts in their order; the first one begins with the program
 */
public record Prefix(List<Part> parts) {
  /** What may stand in its words. */
  static final List<String> PLACEHOLDERS =
      List.of("{session}", "{tenant}", "{workdir}", "{workspace}", "{env}");

  static final Pattern PLACEHOLDER = Pattern.compile("\\{[a-z_]*}");

  /**
   * Some words.
   *
   * @param optional whether they are left out where a placeholder in them is empty; with {@code
   *     {env}} in them, they are there once for each variable
   */
  record Part(List<String> words, boolean optional) {
    Part {
      words = List.copyOf(words);
    }
  }

  /**
   * What the placeholders stand for.
   *
   * @param workdir may be empty
   * @param env names of the variables that the started command is to have
   */
  public record Values(
      String session, String tenant, String workdir, String workspace, Set<String> env) {}

  public Prefix {
    parts = List.copyOf(parts);
  }

  /** The name or absolute path of the program. */
  public String program() {
    return parts.getFirst().words().getFirst();
  }

  /** The arguments, the program first; the command goes behind them. */
  public List<String> fill(Values values) {
    List<String> argv = new ArrayList<>();
    for (Part part : parts) {
      if (part.words().stream().anyMatch(word -> word.contains("{env}"))) {
        values.env().stream().sorted().forEach(name -> add(argv, part, values, name));
      } else {
        add(argv, part, values, "");
      }
    }
    return argv;
  }

  private static void add(List<String> argv, Part part, Values values, String name) {
    boolean left =
        part.optional()
            && part.words().stream()
                .flatMap(word -> PLACEHOLDER.matcher(word).results())
                .anyMatch(found -> value(found.group(), values, name).isEmpty());
    if (!left) {
      part.words().stream().map(word -> filled(word, values, name)).forEach(argv::add);
    }
  }

  private static String filled(String word, Values values, String name) {
    return PLACEHOLDER
        .matcher(word)
        .replaceAll(found -> Matcher.quoteReplacement(value(found.group(), values, name)));
  }

  private static String value(String placeholder, Values values, String name) {
    return switch (placeholder) {
      case "{session}" -> values.session();
      case "{tenant}" -> values.tenant();
      case "{workdir}" -> values.workdir();
      case "{workspace}" -> values.workspace();
      case "{env}" -> name;
      default -> throw new IllegalArgumentException(placeholder);
    };
  }
}

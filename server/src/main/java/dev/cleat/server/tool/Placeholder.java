package dev.cleat.server.tool;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words of a template that stand for others. */
enum Placeholder {
  PROMPT,
  SESSION,
  MODEL,
  WORKDIR,
  ROLE,
  /** Has a value of its own for each image. */
  IMAGE;

  /** What looks like one, known or not. */
  private static final Pattern FORM = Pattern.compile("\\{([A-Za-z_]+)}");

  String value(TurnWords words) {
    return switch (this) {
      case PROMPT -> words.prompt();
      case SESSION -> words.session();
      case MODEL -> words.model();
      case WORKDIR -> words.workdir().toString();
      case ROLE -> words.role();
      case IMAGE -> "";
    };
  }

  /** What looks like a placeholder in a word, without its braces, in the word's order. */
  static List<String> namesIn(String word) {
    return FORM.matcher(word).results().map(found -> found.group(1)).toList();
  }

  /** The placeholder of this name. */
  static Optional<Placeholder> named(String name) {
    return Arrays.stream(values()).filter(known -> known.key().equals(name)).findFirst();
  }

  /** All placeholders in a word. */
  static List<Placeholder> in(String word) {
    return namesIn(word).stream().map(Placeholder::named).flatMap(Optional::stream).toList();
  }

  /** The word with each placeholder replaced. What is put in is not looked at again. */
  static String replace(String word, Function<Placeholder, String> values) {
    return FORM.matcher(word)
        .replaceAll(found ->
            Matcher.quoteReplacement(
                named(found.group(1)).map(values).orElseGet(() -> found.group())));
  }

  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As it is written in a template. */
  @Override
  public String toString() {
    return "{" + key() + "}";
  }
}

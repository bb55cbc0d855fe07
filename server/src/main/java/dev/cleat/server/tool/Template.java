package dev.cleat.server.tool;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command line with placeholders. It becomes an argument vector and never meets a shell: whatever
 * a prompt contains, it stays within its own argument.
 *
 * @param parts in their order; the first one begins with the program
 */
public record Template(List<Part> parts) {
  /**
   * Some words of a template.
   *
   * @param words with placeholders
   * @param optional whether they are left out where a placeholder in them is empty; with {@code
   *     {image}} in them, they are there once for each image
   */
  public record Part(List<String> words, boolean optional) {
    public Part {
      words = List.copyOf(words);
    }

    List<Placeholder> placeholders() {
      return words.stream().flatMap(word -> Placeholder.in(word).stream()).toList();
    }

    private Stream<String> fill(TurnWords values) {
      List<Placeholder> used = placeholders();
      boolean perImage = used.contains(Placeholder.IMAGE);
      if (optional
          && used.stream()
              .anyMatch(one -> one != Placeholder.IMAGE && one.value(values).isEmpty())) {
        return Stream.of();
      }
      if (!perImage) {
        return words.stream()
            .map(word -> Placeholder.replace(word, placeholder -> placeholder.value(values)));
      }
      return values.images().stream()
          .flatMap(image -> words.stream().map(word -> fill(word, values, image)));
    }

    private static String fill(String word, TurnWords values, Path image) {
      return Placeholder.replace(
          word,
          placeholder ->
              placeholder == Placeholder.IMAGE ? image.toString() : placeholder.value(values));
    }
  }

  public Template {
    parts = List.copyOf(parts);
  }

  /** The name or absolute path of the program. */
  public String program() {
    return parts.getFirst().words().getFirst();
  }

  /** Whether images have a place in it. */
  public boolean takesImages() {
    return uses(Placeholder.IMAGE);
  }

  boolean uses(Placeholder placeholder) {
    return parts.stream().anyMatch(part -> part.placeholders().contains(placeholder));
  }

  /** The arguments, the program first. */
  public List<String> fill(TurnWords values) {
    List<String> argv = new ArrayList<>();
    parts.forEach(part -> part.fill(values).forEach(argv::add));
    return argv;
  }
}

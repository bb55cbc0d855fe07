package dev.cleat.server.policy;

import java.util.List;

/**
 * A list of names. One that ends with {@code *} stands for all that begin like it.
 *
 * @param patterns in the order of the file
 */
public record Names(List<String> patterns) {
  /** Every name. */
  public static final Names ALL = new Names(List.of("*"));

  /** No name. */
  public static final Names NONE = new Names(List.of());

  public Names {
    patterns = List.copyOf(patterns);
  }

  /** Whether a name is among them. */
  public boolean has(String name) {
    return patterns.stream()
        .anyMatch(pattern ->
            pattern.endsWith("*")
                ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                : name.equals(pattern));
  }

  /** With commas between them. */
  @Override
  public String toString() {
    return String.join(", ", patterns);
  }
}

package dev.cleat.server.yaml;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One mistake in a file.
 *
 * @param file as it was configured
 * @param line from 1; 0 if it is about the file as a whole
 * @param field the path of keys to it, such as {@code tools.bash.command}; empty if it is about the
 *     file as a whole
 * @param message what is wrong, and what would be right
 */
public record Problem(String file, int line, String field, String message) {
  /** Several, a line each. */
  public static String lines(List<Problem> problems) {
    return problems.stream().map(Problem::toString).collect(Collectors.joining("\n"));
  }

  /** {@code file:line: field: message}. */
  @Override
  public String toString() {
    return file
        + (line > 0 ? ":" + line : "")
        + ": "
        + (field.isEmpty() ? "" : field + ": ")
        + message;
  }
}

package dev.cleat.server.tool;

import java.util.List;
import java.util.stream.Collectors;

/** A catalogue file with mistakes: all of them, in the order of the file. */
public final class CatalogueException extends Exception {
  /**
   * One mistake.
   *
   * @param file as it was configured
   * @param line from 1; 0 if it is about the file as a whole
   * @param field the path of keys to it, such as {@code tools.bash.command}; empty if it is about
   *     the file as a whole
   * @param message what is wrong, and what would be right
   */
  public record Problem(String file, int line, String field, String message) {
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

  private final List<Problem> problems;

  CatalogueException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** At least one. */
  public List<Problem> problems() {
    return problems;
  }
}

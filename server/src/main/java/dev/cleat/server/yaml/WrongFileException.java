package dev.cleat.server.yaml;

import java.io.Serial;
import java.util.List;

/** A file with mistakes: all of them, in the order of the file. */
public final class WrongFileException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /**
   * With at least one mistake.
   *
   * @param problems by line
   */
  public WrongFileException(List<Problem> problems) {
    super(Problem.lines(problems));
    this.problems = List.copyOf(problems);
  }

  /** At least one. */
  public List<Problem> problems() {
    return problems;
  }
}

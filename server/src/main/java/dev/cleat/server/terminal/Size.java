package dev.cleat.server.terminal;

/**
 * The window size of a terminal.
 *
 * @param rows lines, 1 to 65,535
 * @param columns character cells in a line, 1 to 65,535
 */
public record Size(int rows, int columns) {
  /** The largest number of rows or columns that the kernel can hold. */
  public static final int MAX = 65_535;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if one of them is out of its range
   */
  public Size {
    check("rows", rows);
    check("columns", columns);
  }

  private static void check(String what, int value) {
    if (value < 1 || value > MAX) {
      throw new IllegalArgumentException(what + " must be 1 to " + MAX + ", is " + value);
    }
  }
}

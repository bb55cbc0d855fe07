package dev.cleat.server.reader;

/** What the cells of a {@link ScreenBuffer} show at one moment. */
final class ScreenCells {
  /** Gets the characters of a line, from the left. */
  interface Visitor {
    /**
     * A character.
     *
     * @param width 1 or 2
     * @param text one character, with what combines with it
     * @param written false for a cell that was erased, or never written: its text is a blank
     */
    void cell(int column, int width, String text, long style, boolean written);
  }

  private final ScreenBuffer buffer;
  private final CellCodes codes;
  private final long[] cells;

  ScreenCells(ScreenBuffer buffer, CellCodes codes) {
    this.buffer = buffer;
    this.codes = codes;
    this.cells = buffer.cells();
  }

  int rows() {
    return buffer.rows();
  }

  int columns() {
    return buffer.columns();
  }

  /** Whether the line above runs over into this one. */
  boolean wrapped(int row) {
    return row > 0 && continues(row);
  }

  /** The same for the first line, too, whose line above was scrolled away. */
  boolean continues(int row) {
    return ScreenBuffer.continuesLine(cells[row * buffer.stride()]);
  }

  /** Whether something was written to the last column of a line. */
  boolean endsWritten(int row) {
    return CellCodes.code(lastCell(row)) != CellCodes.ERASED;
  }

  /** The style of the last column of a line. */
  long lastStyle(int row) {
    return codes.style(lastCell(row));
  }

  private long lastCell(int row) {
    return cells[row * buffer.stride() + columns() - 1];
  }

  void visit(int row, Visitor visitor) {
    int base = row * buffer.stride();
    int column = 0;
    while (column < columns()) {
      long cell = cells[base + column];
      String text = codes.text(cell);
      boolean whole =
          column + 1 < columns()
              && CellCodes.code(cells[base + column + 1]) == CellCodes.RIGHT_HALF;
      int width = 1;
      if (text.isEmpty() || (isWide(text) && !whole)) {
        text = " ";
      } else if (isWide(text)) {
        width = 2;
      }
      boolean written = CellCodes.code(cell) != CellCodes.ERASED;
      visitor.cell(column, width, text, codes.style(cell), written);
      column += width;
    }
  }

  private static boolean isWide(String text) {
    int first = text.codePointAt(0);
    return first >= 0x1100 && CellCodes.width(first) == 2;
  }

  /** The text of a line, without the blanks at its end. */
  String text(int row) {
    StringBuilder line = new StringBuilder(columns());
    visit(row, (column, width, text, style, written) -> line.append(text));
    int end = line.length();
    while (end > 0 && line.charAt(end - 1) == ' ') {
      end--;
    }
    return line.substring(0, end);
  }
}

package dev.cleat.server.reader;

/** What "save cursor" (DECSC) keeps. */
record SavedCursor(int row, int column, long style, Charsets charsets) {
  static final SavedCursor HOME = new SavedCursor(0, 0, CellStyle.PLAIN, new Charsets());

  /** Whether it is what a terminal has saved at first. */
  boolean isHome() {
    return row == 0 && column == 0 && style == CellStyle.PLAIN && charsets.isInitial();
  }

  /**
   * As it is on a screen of this size: beyond its edge is a place that a larger screen would have
   * again, and that no sequence could restore on this one.
   */
  SavedCursor within(int rows, int columns) {
    return new SavedCursor(Math.min(row, rows - 1), Math.min(column, columns - 1), style, charsets);
  }
}

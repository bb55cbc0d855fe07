package dev.cleat.server.reader;

import java.util.BitSet;

/**
 * One of the two screens of a terminal: its cells, its cursor, its scroll region and its tab stops.
 *
 * <p>The cells are those of an {@link Emulator}, which does all that moves or erases them. It is
 * told only what it does as xterm: the cursor is set to where it goes, lines are broken where they
 * break.
 *
 * <p>Rows and columns count from 0.
 */
final class ScreenBuffer {
  private static final int TAB_WIDTH = 8;

  // How the emulator writes.
  private static final String INSERT = "\033[4h";
  private static final String REPLACE = "\033[4l";

  private final Emulator emulator;
  private final BitSet tabs = new BitSet();
  private int rows;
  private int columns;
  private int row;
  private int column;

  /** The last column was written: the next character goes to the next line. */
  private boolean pendingWrap;

  /** What was written last was the first after a line was full. */
  private boolean lastContinues;

  /** What is written moves the rest of its line. */
  private boolean inserting;

  private int top;
  private int bottom;

  ScreenBuffer(int rows, int columns, Effort effort) {
    this.rows = rows;
    this.columns = columns;
    // It can be no smaller than this. What is beyond our own size is never shown.
    this.emulator = new Emulator(Math.max(2, rows), Math.max(2, columns), effort);
    tabs.or(tabsOf(columns));
    setRegion(0, rows - 1);
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  int row() {
    return row;
  }

  int column() {
    return column;
  }

  boolean pendingWrap() {
    return pendingWrap;
  }

  int top() {
    return top;
  }

  int bottom() {
    return bottom;
  }

  BitSet tabs() {
    return tabs;
  }

  /** A copy of the cells, {@link #stride} in a row. */
  long[] cells() {
    return emulator.cells();
  }

  int stride() {
    return Math.max(2, columns);
  }

  /** Whether a cell was the first that was written after a line was full. */
  static boolean continuesLine(long cell) {
    return CellCodes.code(cell) != CellCodes.ERASED && Emulator.isMarked(cell);
  }

  // Text

  /** Writes ASCII characters. */
  void writeAscii(byte[] bytes, int from, int end, int style, boolean autoWrap) {
    int at = from;
    while (at < end) {
      if (pendingWrap && !autoWrap) {
        at = end - 1;
      }
      boolean continues = breakLine(style, autoWrap);
      emulator.pen(style, continues);
      int until = at + Math.min(columns - column, end - at);
      int first = at;
      while (at < until) {
        emulator.write(bytes[at] == ' ' ? (char) CellCodes.BLANK : (char) bytes[at]);
        at++;
        if (emulator.isMarking()) {
          emulator.pen(style, false);
        }
      }
      lastContinues = continues && at - first == 1;
      inserted(at - first);
      advance(at - first);
    }
  }

  /**
   * Writes one character, given by its code. A wide one that does not fit into the line goes to the
   * next one, or nowhere if lines are not broken.
   *
   * @return whether it was written, and is what stands before the cursor
   */
  boolean write(int code, int width, int style, boolean autoWrap) {
    if (width > columns) {
      return false;
    }
    boolean continues = breakLine(style, autoWrap);
    if (column + width > columns) {
      if (!autoWrap) {
        return false;
      }
      eraseInLine(0, style);
      pendingWrap = true;
      continues = breakLine(style, true);
    }
    emulator.pen(style, continues);
    put(code, width);
    emulator.pen(style, false);
    lastContinues = continues;
    inserted(width);
    advance(width);
    return true;
  }

  /** Writes something else over the character before the cursor, which is as wide. */
  void rewriteLast(int code, int width, int style) {
    column = column + (pendingWrap ? 1 : 0) - width;
    position();
    if (inserting) {
      emulator.write(REPLACE);
    }
    emulator.pen(style, lastContinues);
    put(code, width);
    emulator.pen(style, false);
    if (inserting) {
      emulator.write(INSERT);
    }
    advance(width);
  }

  /** Writes the same character again and again, as {@link #write} does. */
  void repeat(int times, int code, int width, int style, boolean autoWrap) {
    int left = timesUntilSame(times, width, autoWrap);
    while (left > 0) {
      boolean written = write(code, width, style, autoWrap);
      left--;
      if (written && !pendingWrap) {
        int rest = Math.min(left, (columns - column) / width);
        putInLine(rest, code, width);
        left -= rest;
      }
    }
  }

  /**
   * How often to write a character for a screen that looks as if it had been written more often:
   * once there is nothing else where it goes, another line of it changes nothing.
   */
  private int timesUntilSame(int times, int width, boolean autoWrap) {
    int inLine = Math.max(1, columns / width);
    int full = (autoWrap ? rows + 2 : 2) * inLine;
    return times <= full ? times : full + (times - full) % inLine;
  }

  /** Writes a character so often where there is room for it behind the one before. */
  private void putInLine(int times, int code, int width) {
    boolean moves = inserting && times > 0;
    if (moves) {
      // All at once: each by itself would move the rest of the line.
      emulator.command(times * width, '@');
      emulator.costs(2L * (columns - column));
      emulator.write(REPLACE);
    }
    for (int i = 0; i < times; i++) {
      put(code, width);
    }
    if (moves) {
      emulator.write(INSERT);
    }
    advance(times * width);
  }

  /** So many columns were written from the cursor on. */
  private void inserted(int count) {
    if (inserting) {
      emulator.costs(2L * count * (columns - column));
    }
  }

  private void put(int code, int width) {
    emulator.writeCharacter(code, 1);
    if (width == 2) {
      emulator.write((char) CellCodes.RIGHT_HALF);
    }
  }

  private void advance(int by) {
    column += by;
    pendingWrap = column == columns;
    if (pendingWrap) {
      column--;
    }
  }

  /** Goes to the next line if this one is full; true if so. */
  private boolean breakLine(int style, boolean autoWrap) {
    if (!pendingWrap) {
      return false;
    }
    if (!autoWrap) {
      settle();
      return false;
    }
    carriageReturn();
    lineFeed(style);
    return true;
  }

  // The cursor

  /** Sets the cursor, to the nearest place on the screen. */
  void moveTo(int toRow, int toColumn) {
    row = Math.clamp(toRow, 0, rows - 1);
    column = Math.clamp(toColumn, 0, columns - 1);
    pendingWrap = false;
    position();
  }

  /** Makes the emulator's cursor ours. */
  private void position() {
    pendingWrap = false;
    emulator.command(row + 1, column + 1, 'H');
  }

  /** The cursor is at the last column, and the next character goes there. */
  void settle() {
    if (pendingWrap) {
      position();
    }
  }

  /** The same as when the last column was just written. */
  void setPendingWrap() {
    pendingWrap = column == columns - 1;
  }

  void carriageReturn() {
    column = 0;
    pendingWrap = false;
    emulator.write('\r');
  }

  void lineFeed(int style) {
    settle();
    emulator.pen(style, false);
    emulator.write('\n');
    if (row == bottom) {
      scrolled(top, 1, true);
    } else if (row < rows - 1) {
      row++;
    }
  }

  void reverseLineFeed(int style) {
    settle();
    emulator.pen(style, false);
    emulator.write("\033M");
    if (row == top) {
      scrolled(top, 1, false);
    } else if (row > 0) {
      row--;
    }
  }

  /** Lines were moved, from one to the end of the scroll region. */
  private void scrolled(int from, int count, boolean up) {
    if (up && from == 0 && bottom == rows - 1) {
      emulator.costs((long) count * columns);
    } else {
      emulator.costs(2L * (bottom - from + 1) * columns);
    }
    emulator.scrolled(count);
  }

  /** Moves the cursor by so many tab stops, to the left where that is negative. */
  void tab(int count) {
    int to = column;
    int steps = Math.min(Math.abs(count), columns);
    while (steps > 0 && to != (count < 0 ? 0 : columns - 1)) {
      to = count < 0 ? tabBefore(to) : tabAfter(to);
      steps--;
      emulator.costs(1);
    }
    moveTo(row, to);
  }

  /** The stop after a column, or the last column. */
  private int tabAfter(int from) {
    int stop = tabs.nextSetBit(from + 1);
    return stop < 0 ? columns - 1 : Math.min(stop, columns - 1);
  }

  /** The stop before a column, or the first column. */
  private int tabBefore(int from) {
    return from == 0 ? 0 : Math.max(0, tabs.previousSetBit(from - 1));
  }

  /** The tab stops of a screen of this width on which none was changed. */
  static BitSet tabsOf(int columns) {
    BitSet stops = new BitSet();
    for (int at = 0; at < columns; at += TAB_WIDTH) {
      stops.set(at);
    }
    return stops;
  }

  // Cells

  /** Erases from the cursor to the end (0), from the beginning to the cursor (1), or all (2). */
  void eraseInLine(int what, int style) {
    if (what == 0 && pendingWrap) {
      return;
    }
    emulator.pen(style, false);
    emulator.command(what, 'K');
    emulator.costs(columns);
  }

  /** The same with the lines below, above, or all. */
  void eraseInDisplay(int what, int style) {
    emulator.pen(style, false);
    if (what == 0 && pendingWrap) {
      if (row < rows - 1) {
        emulator.command(row + 2, 1, 'H');
        emulator.command(0, 'J');
        emulator.costs((long) rows * columns);
        position();
        pendingWrap = true;
      }
    } else {
      emulator.command(what, 'J');
      emulator.costs((long) rows * columns);
    }
  }

  /** Inserts (@), deletes (P) or erases (X) characters at the cursor. */
  void changeCharacters(int count, char how, int style) {
    settle();
    emulator.pen(style, false);
    emulator.command(Math.min(count, columns), how);
    emulator.costs(2L * columns);
  }

  /** Inserts (L) or deletes (M) lines at the cursor. */
  void changeLines(int count, char how, int style) {
    settle();
    if (row < top || row > bottom) {
      return;
    }
    emulator.pen(style, false);
    emulator.command(Math.min(count, rows), how);
    scrolled(row, Math.min(count, rows), how == 'M');
    carriageReturn();
  }

  /** Moves the lines of the scroll region up (S) or down (T). */
  void scroll(int count, char how, int style) {
    emulator.pen(style, false);
    emulator.command(Math.min(count, rows), how);
    scrolled(top, Math.min(count, rows), how == 'S');
  }

  /** Sets the scroll region and moves the cursor to the first cell. */
  void setRegion(int first, int last) {
    top = first;
    bottom = last;
    emulator.command(first + 1, last + 1, 'r');
    moveTo(0, 0);
  }

  void setInserting(boolean inserting) {
    this.inserting = inserting;
    emulator.write(inserting ? INSERT : REPLACE);
  }

  /** Fills the screen with one character. */
  void fill(int code, int style) {
    emulator.pen(style, false);
    for (int at = 0; at < rows; at++) {
      emulator.command(at + 1, 1, 'H');
      emulator.writeCharacter(code, columns);
    }
    moveTo(0, 0);
  }

  /**
   * Gives it another size: columns are cut off or added at the right, rows below the cursor are cut
   * off first, then those at the top.
   */
  void resize(int toRows, int toColumns) {
    int toColumn = pendingWrap ? columns : column;
    clearBeyond();
    emulator.pen(0, false);
    setRegionOnly(0, rows - 1);
    position();
    int oldGrid = Math.max(2, rows);
    int newGrid = Math.max(2, toRows);
    emulator.resize(newGrid, Math.max(2, toColumns));
    if (newGrid < oldGrid) {
      row -= Math.max(0, row - (newGrid - 1));
    }
    int oldColumns = columns;
    rows = toRows;
    columns = toColumns;
    if (row > rows - 1) {
      emulator.command(1, 'S');
      row = rows - 1;
    }
    column = Math.min(toColumn, columns - 1);
    if (columns > oldColumns) {
      BitSet added = tabsOf(columns);
      added.clear(0, oldColumns);
      tabs.or(added);
    } else {
      tabs.clear(columns, Math.max(columns, oldColumns));
    }
    setRegionOnly(0, rows - 1);
    position();
  }

  private void setRegionOnly(int first, int last) {
    top = first;
    bottom = last;
    emulator.command(first + 1, last + 1, 'r');
  }

  /** Erases what a very small screen does not show of the emulator's. */
  private void clearBeyond() {
    emulator.pen(0, false);
    if (columns == 1) {
      for (int at = 0; at < rows; at++) {
        emulator.command(at + 1, 2, 'H');
        emulator.command(0, 'K');
      }
    }
    if (rows == 1) {
      emulator.command(2, 1, 'H');
      emulator.command(2, 'K');
    }
  }
}

package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;

/**
 * Writes the bytes that make a terminal, which was just reset and has the same size, show and do
 * what a {@link ScreenState} shows and does.
 *
 * <p>Not written are the links of characters (OSC 8), the colours of underlines and changed colours
 * of the palette.
 */
final class ScreenRestore {
  private final ScreenState screen;
  private final StringBuilder out = new StringBuilder();

  private ScreenRestore(ScreenState screen) {
    this.screen = screen;
  }

  /**
   * Writes a screen.
   *
   * @param tail the bytes of what the output ended in the middle of
   */
  static ByteString of(ScreenState screen, byte[] tail) {
    ScreenRestore restore = new ScreenRestore(screen);
    restore.write();
    return ByteString.copyFrom(restore.out.toString(), UTF_8).concat(ByteString.copyFrom(tail));
  }

  private void write() {
    if (screen.isAlternate()) {
      cells(screen.main());
      tabs(screen.main());
      region(screen.main());
      saved(screen.saved(false), "\033[?1049h");
      if (CellStyle.hasBackground(screen.saved(false).style())) {
        out.append("\033[2J");
      }
    } else if (!screen.saved(true).isHome()) {
      out.append("\033[?47h");
      saved(screen.saved(true), "\0337\033[?47l");
    }
    ScreenBuffer shown = screen.shown();
    cells(shown);
    tabs(shown);
    SavedCursor saved = screen.saved(screen.isAlternate());
    if (!saved.isHome()) {
      saved(saved, "\0337");
    }
    region(shown);
    if (!screen.title().isEmpty()) {
      out.append("\033]2;").append(screen.title()).append("\033\\");
    }
    screen.modes().write(out);
    boolean origin = screen.modes().is(TerminalModes.ORIGIN);
    if (origin) {
      out.append("\033[?6h");
    }
    cursor(shown, origin ? shown.row() - shown.top() : shown.row());
  }

  /** Everything that "save cursor" saves, and what saves it; then all of it is plain again. */
  private void saved(SavedCursor saved, String save) {
    position(saved.row(), saved.column());
    CellStyle.write(saved.style(), out);
    saved.charsets().write(out);
    out.append(save);
    CellStyle.write(CellStyle.PLAIN, out);
    if (!saved.charsets().isInitial()) {
      out.append("\033(B\033)B\033*B\033+B\017");
    }
  }

  private void position(int row, int column) {
    out.append("\033[").append(row + 1).append(';').append(column + 1).append('H');
  }

  private void tabs(ScreenBuffer buffer) {
    if (buffer.tabs().equals(ScreenBuffer.tabsOf(buffer.columns()))) {
      return;
    }
    out.append("\033[3g");
    buffer.tabs().stream().forEach(at -> out.append("\033[").append(at + 1).append("G\033H"));
  }

  private void region(ScreenBuffer buffer) {
    if (buffer.top() > 0 || buffer.bottom() < buffer.rows() - 1) {
      out.append("\033[").append(buffer.top() + 1).append(';');
      out.append(buffer.bottom() + 1).append('r');
    }
  }

  private void cells(ScreenBuffer buffer) {
    ScreenCells cells = new ScreenCells(buffer, screen.codes());
    LineWriter writer = new LineWriter(cells.rows(), cells.columns());
    for (int row = 0; row < cells.rows(); row++) {
      writer.begin(row, cells.continues(row));
      cells.visit(row, writer);
      writer.end();
    }
    writer.select(CellStyle.PLAIN);
  }

  /** Where the cursor stands, and what depends on nothing being written after it. */
  private void cursor(ScreenBuffer shown, int row) {
    ScreenCells cells = new ScreenCells(shown, screen.codes());
    int after = shown.column() + (shown.pendingWrap() ? 1 : 0);
    int first = after - screen.lastWidth();
    boolean breaksLine = first == 0 && row > 0 && cells.continues(shown.row());
    String last = screen.last();
    if (last == null || (breaksLine && !canBreakAgain(cells, shown.row() - 1))) {
      if (shown.pendingWrap()) {
        lastCell(cells, shown.row(), row, true);
      } else {
        position(row, shown.column());
      }
      writeState();
      return;
    }
    // The next character may combine with the last one: it is written once more.
    if (screen.modes().inserting()) {
      position(row, first);
      out.append("\033[").append(screen.lastWidth()).append('P');
    }
    if (breaksLine) {
      // And breaks the line above once more.
      int above = shown.row() - 1;
      lastCell(cells, above, row - 1, screen.lastWidth() == 1 || cells.endsWritten(above));
    } else {
      position(row, first);
    }
    writeState();
    out.append(last);
  }

  /**
   * Whether writing the last character once more, at the end of the line above, changes nothing
   * there: where nothing stands, a wide character erases the last column.
   */
  private boolean canBreakAgain(ScreenCells cells, int line) {
    return screen.lastWidth() == 1
        || cells.endsWritten(line)
        || cells.lastStyle(line) == CellStyle.erased(screen.style());
  }

  /**
   * Goes to the last character of a line.
   *
   * @param write and writes it once more, so that the line is full
   */
  private void lastCell(ScreenCells cells, int line, int row, boolean write) {
    cells.visit(
        line,
        (column, width, text, style, written) -> {
          if (column + width == cells.columns()) {
            position(row, column);
            if (write) {
              CellStyle.write(style, out);
              out.append(text);
            }
          }
        });
  }

  /** What changes how characters are written. */
  private void writeState() {
    CellStyle.write(screen.style(), out);
    screen.charsets().write(out);
    screen.modes().writeDrawing(out);
  }

  /** Writes cells where they are, with as few sequences as it takes. */
  private final class LineWriter implements ScreenCells.Visitor {
    private final int rows;
    private final int columns;
    private int row;

    /** Where the terminal's cursor is in the line; -1 if it is in another, or beyond the end. */
    private int cursor = -1;

    private long selected = CellStyle.PLAIN;

    /** A run of erased cells that are not written yet. */
    private int erasedFrom;

    private int erased;
    private long erasedStyle;

    /** This line goes on where the one above ends. */
    private boolean continues;

    /** The cursor is behind the last column of the line above. */
    private boolean aboveIsFull;

    LineWriter(int rows, int columns) {
      this.rows = rows;
      this.columns = columns;
    }

    void begin(int at, boolean wrapped) {
      row = at;
      continues = wrapped;
      aboveIsFull = cursor == columns;
      cursor = -1;
      erased = 0;
    }

    @Override
    public void cell(int column, int width, String text, long style, boolean written) {
      if (!written) {
        if (erased > 0 && style != erasedStyle) {
          erase();
        }
        if (erased == 0) {
          erasedFrom = column;
          erasedStyle = style;
        }
        erased++;
        return;
      }
      erase();
      if (continues && column == 0) {
        continueLine(width, text, style);
        return;
      }
      moveTo(column);
      select(style);
      out.append(text);
      cursor = column + width;
    }

    /** Writes the first character of a line so that the terminal breaks the line above. */
    private void continueLine(int width, String text, long style) {
      long erasedAbove = erasedStyle;
      if (row == 0) {
        // The line above was scrolled away: there is one for a moment.
        position(0, columns - 1);
        out.append(' ');
        select(style);
        out.append(text);
        cursor = -1;
        if (rows > 1) {
          position(0, 0);
          select(CellStyle.PLAIN);
          out.append("\033[M");
        }
        return;
      }
      if (!aboveIsFull) {
        // Its last column was erased since, or a wide character did not fit.
        position(row - 1, columns - 1);
        out.append(' ');
      }
      select(style);
      out.append(text);
      cursor = width;
      if (!aboveIsFull) {
        position(row - 1, columns - 1);
        cursor = -1;
        select(erasedAbove);
        out.append("\033[X");
      }
    }

    void end() {
      erase();
    }

    private void erase() {
      if (erased > 0 && erasedStyle != CellStyle.PLAIN) {
        moveTo(erasedFrom);
        select(erasedStyle);
        out.append("\033[").append(erased).append('X');
      }
      erased = 0;
    }

    private void moveTo(int column) {
      if (cursor != column) {
        position(row, column);
        cursor = column;
      }
    }

    void select(long style) {
      if (style != selected) {
        CellStyle.write(style, out);
        selected = style;
      }
    }
  }
}

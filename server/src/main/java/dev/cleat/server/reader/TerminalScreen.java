package dev.cleat.server.reader;

import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenCursor;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenModes;
import dev.cleat.v1.TerminalSize;
import java.util.ArrayList;
import java.util.List;

/**
 * What a session's terminal shows: everything that was printed, drawn as xterm draws it.
 *
 * <p>It has no history: what is scrolled away is gone, and a terminal that grows shows blank lines.
 * Lines are not broken anew when it gets wider or narrower. So it takes the memory of its cells, 16
 * to 32 bytes for each and as much again while the alternate screen is shown, whatever is printed.
 *
 * <p>Nothing that is printed makes it fail. Rows and columns count from 0. Not safe for use by
 * several threads.
 */
public final class TerminalScreen {
  private static final int MAX_SIZE = 4096;

  private final Effort effort;
  private final ScreenState terminal;
  private final OutputParser parser;

  /**
   * Makes an empty screen.
   *
   * @param rows 1 to 4,096
   * @param columns 1 to 4,096
   * @throws IllegalArgumentException if one of them is out of its range
   */
  public TerminalScreen(int rows, int columns) {
    this(rows, columns, () -> {});
  }

  /**
   * Makes an empty screen that lets others have their turn: a few bytes may take as long to draw as
   * many pages of text.
   *
   * @param turnIsOver called about each millisecond of drawing, in the middle of it
   */
  public TerminalScreen(int rows, int columns, Runnable turnIsOver) {
    check(rows, columns);
    effort = new Effort(turnIsOver);
    terminal = new ScreenState(rows, columns, effort);
    parser = new OutputParser(new ScreenDrawer(terminal));
  }

  private static void check(int rows, int columns) {
    if (rows < 1 || rows > MAX_SIZE || columns < 1 || columns > MAX_SIZE) {
      throw new IllegalArgumentException(
          "rows and columns must be 1 to " + MAX_SIZE + ", are " + rows + " and " + columns);
    }
  }

  /** Draws the next bytes of output. They may begin and end anywhere, also inside of characters. */
  public void feed(byte[] bytes, int from, int count) {
    parser.feed(bytes, from, count);
  }

  /**
   * Gives it another size.
   *
   * @throws IllegalArgumentException as the constructor
   */
  public void resize(int rows, int columns) {
    check(rows, columns);
    if (rows != rows() || columns != columns()) {
      terminal.resize(rows, columns);
    }
  }

  /** Makes it as new, of the same size: another process begins on an empty screen. */
  public void reset() {
    parser.reset();
    terminal.reset(rows(), columns());
  }

  /** How many lines there are. */
  public int rows() {
    return terminal.main().rows();
  }

  /** How many characters fit into a line. */
  public int columns() {
    return terminal.main().columns();
  }

  /** The text of a line, without the blanks at its end. */
  public String line(int row) {
    return cells().text(row);
  }

  /** The text of all lines, each without the blanks at its end. */
  public List<String> lines() {
    ScreenCells cells = cells();
    List<String> lines = new ArrayList<>(rows());
    for (int row = 0; row < rows(); row++) {
      lines.add(cells.text(row));
    }
    return lines;
  }

  /** Whether the line above runs over into this one. */
  public boolean wrapped(int row) {
    return cells().wrapped(row);
  }

  /** The line of the cursor. */
  public int cursorRow() {
    return terminal.shown().row();
  }

  /**
   * The column of the cursor; as large as {@link #columns} when the last column was written and the
   * next character begins a new line.
   */
  public int cursorColumn() {
    ScreenBuffer shown = terminal.shown();
    return shown.pendingWrap() && terminal.modes().is(TerminalModes.AUTO_WRAP)
        ? shown.columns()
        : shown.column();
  }

  /** Whether the cursor is shown. */
  public boolean cursorVisible() {
    return terminal.modes().is(TerminalModes.CURSOR);
  }

  /** Whether the program asked for pastes in brackets. */
  public boolean bracketedPaste() {
    return terminal.modes().is(TerminalModes.BRACKETED_PASTE);
  }

  /** Whether the alternate screen is shown. */
  public boolean alternateScreen() {
    return terminal.isAlternate();
  }

  /** Whether cursor keys send application sequences. */
  public boolean applicationCursorKeys() {
    return terminal.modes().is(TerminalModes.CURSOR_KEYS);
  }

  /** Whether the mouse is reported to the program. */
  public boolean mouseReporting() {
    return terminal.modes().mouseReporting();
  }

  /** The title that was last set, without control characters; empty at first. */
  public String title() {
    return terminal.title();
  }

  /**
   * What it shows, but for {@code seq}, {@code epoch}, {@code output_offset} and {@code
   * incomplete}, which the caller knows.
   *
   * @param styles whether to add the spans of the lines
   * @param restore whether to add {@code restore}
   */
  public Screen.Builder picture(boolean styles, boolean restore) {
    Screen.Builder picture =
        Screen.newBuilder()
            .setSize(TerminalSize.newBuilder().setRows(rows()).setColumns(columns()))
            .setCursor(
                ScreenCursor.newBuilder()
                    .setRow(cursorRow())
                    .setColumn(cursorColumn())
                    .setVisible(cursorVisible()))
            .setTitle(title())
            .setModes(
                ScreenModes.newBuilder()
                    .setAlternateScreen(alternateScreen())
                    .setBracketedPaste(bracketedPaste())
                    .setApplicationCursorKeys(applicationCursorKeys())
                    .setMouseReporting(mouseReporting()));
    ScreenCells cells = cells();
    for (int row = 0; row < rows(); row++) {
      ScreenLine.Builder line =
          ScreenLine.newBuilder().setText(cells.text(row)).setWrapped(cells.wrapped(row));
      if (styles) {
        ScreenPicture.addSpans(cells, row, line);
      }
      picture.addLines(line);
    }
    if (restore) {
      picture.setRestore(ScreenRestore.of(terminal, parser.tail()));
    }
    return picture;
  }

  /** The line of the cursor as programs are told it: counted from where they count. */
  int reportedRow() {
    ScreenBuffer shown = terminal.shown();
    return terminal.modes().is(TerminalModes.ORIGIN)
        ? Math.max(0, shown.row() - shown.top())
        : shown.row();
  }

  /**
   * What programs are told of a mode: 1 if it is set, 2 if it is not, 0 if it is not known.
   *
   * @param dec whether it is one of the private modes, with a question mark
   */
  int modeState(int mode, boolean dec) {
    if (!dec) {
      return terminal.modes().ansiState(mode);
    }
    return switch (mode) {
      case 47, 1047, 1049 -> alternateScreen() ? 1 : 2;
      default -> terminal.modes().state(mode);
    };
  }

  /** What drawing has cost so far, in cells. */
  long effort() {
    return effort.spent();
  }

  private ScreenCells cells() {
    return new ScreenCells(terminal.shown(), terminal.codes());
  }
}

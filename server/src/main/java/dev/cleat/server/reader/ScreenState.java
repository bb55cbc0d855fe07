package dev.cleat.server.reader;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A terminal: its two screens, how it is set, how text is written, and writing it.
 *
 * <p>Not safe for use by several threads.
 */
final class ScreenState {
  /** Longest character, in UTF-16 code units: what combines with a longer one is not shown. */
  private static final int MAX_CHARACTER = 32;

  /** How often one sequence repeats a character at most. */
  private static final int MAX_REPEATED = 10_000;

  private final Effort effort;
  private final CellCodes codes = new CellCodes();
  private final TerminalModes modes = new TerminalModes();
  private final Charsets charsets = new Charsets();
  private ScreenBuffer main;

  /** The other screen, while it is shown. */
  private @Nullable ScreenBuffer alternate;

  private SavedCursor savedOnMain = SavedCursor.HOME;
  private SavedCursor savedOnAlternate = SavedCursor.HOME;
  private String title = "";
  private long style;
  private int styleNumber;

  /** What was written last, if nothing else came since: the next character may belong to it. */
  private @Nullable String last;

  private int lastWidth;

  ScreenState(int rows, int columns, Effort effort) {
    this.effort = effort;
    main = new ScreenBuffer(rows, columns, effort);
  }

  void reset(int rows, int columns) {
    alternate = null;
    codes.clear();
    modes.reset();
    charsets.reset();
    main = new ScreenBuffer(rows, columns, effort);
    savedOnMain = SavedCursor.HOME;
    savedOnAlternate = SavedCursor.HOME;
    title = "";
    last = null;
    style = CellStyle.PLAIN;
    styleNumber = 0;
  }

  void resize(int rows, int columns) {
    last = null;
    main.resize(rows, columns);
    if (alternate != null) {
      alternate.resize(rows, columns);
    }
    savedOnMain = savedOnMain.within(rows, columns);
    savedOnAlternate = savedOnAlternate.within(rows, columns);
  }

  CellCodes codes() {
    return codes;
  }

  TerminalModes modes() {
    return modes;
  }

  Charsets charsets() {
    return charsets;
  }

  ScreenBuffer main() {
    return main;
  }

  /** The screen that is shown. */
  ScreenBuffer shown() {
    return alternate == null ? main : alternate;
  }

  boolean isAlternate() {
    return alternate != null;
  }

  SavedCursor saved(boolean onAlternate) {
    return onAlternate ? savedOnAlternate : savedOnMain;
  }

  String title() {
    return title;
  }

  long style() {
    return style;
  }

  /** The character before the cursor, as it was printed, if it was printed last; else null. */
  @Nullable String last() {
    return last;
  }

  /** How many columns {@link #last} takes. */
  int lastWidth() {
    return lastWidth;
  }

  /** How {@link #style} is told to the screens. */
  int styleNumber() {
    return styleNumber;
  }

  /** Something came that is no character: the next one does not belong to the last. */
  void forgetLast() {
    last = null;
  }

  void title(String now) {
    title = now;
  }

  // Characters

  /** Prints ASCII characters. */
  void ascii(byte[] bytes, int from, int end) {
    if (charsets.isAscii()) {
      shown().writeAscii(bytes, from, end, styleNumber, modes.is(TerminalModes.AUTO_WRAP));
      last = Character.toString(bytes[end - 1]);
      lastWidth = 1;
    } else {
      for (int at = from; at < end; at++) {
        print(Character.toString(bytes[at]), charsets.map(bytes[at]));
      }
    }
  }

  /** Prints a character that is not ASCII, or adds it to the one before. */
  void character(int codePoint) {
    int width = CellCodes.width(codePoint);
    if (width > 0) {
      print(Character.toString(codePoint), codePoint);
    } else if (last != null && last.length() < MAX_CHARACTER) {
      last = last + Character.toString(codePoint);
      sweep();
      shown().rewriteLast(codes.glyph(shownAs(last)), lastWidth, styleNumber);
    }
  }

  private String shownAs(String printed) {
    int first = printed.codePointAt(0);
    return first < 0x80 ? Character.toString(charsets.map(first)) + printed.substring(1) : printed;
  }

  private void print(String printed, int codePoint) {
    int width = CellCodes.width(codePoint);
    sweep();
    int code = code(codePoint, width);
    boolean written = shown().write(code, width, styleNumber, modes.is(TerminalModes.AUTO_WRAP));
    last = written ? printed : null;
    lastWidth = width;
  }

  private int code(int codePoint, int width) {
    if (codePoint == ' ') {
      return CellCodes.BLANK;
    }
    return width == 2 ? codes.glyph(Character.toString(codePoint)) : codes.narrow(codePoint);
  }

  /**
   * Prints the last character again, with all that combines with it, if nothing else came since.
   */
  void repeatLast(int count) {
    String repeated = last;
    if (repeated == null) {
      return;
    }
    last = null;
    sweep();
    String shown = shownAs(repeated);
    int first = shown.codePointAt(0);
    boolean single = shown.length() == Character.charCount(first);
    int code = single ? code(first, lastWidth) : codes.glyph(shown);
    shown()
        .repeat(
            Math.min(count, MAX_REPEATED),
            code,
            lastWidth,
            styleNumber,
            modes.is(TerminalModes.AUTO_WRAP));
  }

  /** Selects the style of what is printed and erased from now on. */
  void style(long now) {
    if (now != style) {
      style = now;
      sweep();
      styleNumber = codes.styleNumber(style);
    }
  }

  private void sweep() {
    if (codes.isFull()) {
      codes.sweep(alternate == null ? List.of(main) : List.of(main, alternate));
      styleNumber = codes.styleNumber(style);
    }
  }

  // The cursor and the screens

  /** Keeps the cursor of this screen and how text is written (DECSC). */
  void save() {
    ScreenBuffer screen = shown();
    SavedCursor saved = new SavedCursor(screen.row(), screen.column(), style, charsets.copy());
    if (isAlternate()) {
      savedOnAlternate = saved;
    } else {
      savedOnMain = saved;
    }
  }

  /** Brings back what was kept (DECRC). */
  void restore() {
    SavedCursor saved = saved(isAlternate());
    place(saved.row(), saved.column());
    charsets.set(saved.charsets());
    style(saved.style());
  }

  /** Counts from the scroll region where a program said so. */
  void moveTo(int row, int column) {
    place(modes.is(TerminalModes.ORIGIN) ? shown().top() + row : row, column);
  }

  /** Sets the cursor, and within the scroll region where a program said so. */
  void place(int row, int column) {
    ScreenBuffer screen = shown();
    boolean within = modes.is(TerminalModes.ORIGIN);
    screen.moveTo(within ? Math.clamp(row, screen.top(), screen.bottom()) : row, column);
  }

  /** Brings back the first state of all but cells, cursor and title (DECSTR). */
  void softReset() {
    modes.softReset();
    charsets.reset();
    style(CellStyle.PLAIN);
    ScreenBuffer screen = shown();
    int row = screen.row();
    int column = screen.column();
    boolean pending = screen.pendingWrap();
    screen.setInserting(false);
    screen.setRegion(0, screen.rows() - 1);
    screen.moveTo(row, column);
    if (pending) {
      screen.setPendingWrap();
    }
    if (isAlternate()) {
      savedOnAlternate = SavedCursor.HOME;
    } else {
      savedOnMain = SavedCursor.HOME;
    }
  }

  /** Shows the other screen, which is empty, or the first one again. */
  void showAlternate(boolean on) {
    if (on == isAlternate()) {
      return;
    }
    ScreenBuffer before = shown();
    if (on) {
      alternate = new ScreenBuffer(main.rows(), main.columns(), effort);
      alternate.eraseInDisplay(2, styleNumber);
    } else {
      alternate = null;
    }
    ScreenBuffer now = shown();
    place(before.row(), before.column());
    now.setInserting(modes.inserting());
    if (before.pendingWrap()) {
      now.setPendingWrap();
    }
  }
}

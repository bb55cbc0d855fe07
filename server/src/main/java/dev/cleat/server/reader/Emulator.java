package dev.cleat.server.reader;

import org.jline.terminal.Size;
import org.jline.utils.ScreenTerminal;

/**
 * JLine's {@link ScreenTerminal}, told what to do in its own escape sequences.
 *
 * <p>Of lines that were scrolled away it would keep all; they are dropped again and again. It is
 * never told much at once: what waits to be done is bounded, too.
 */
final class Emulator {
  private static final int FLUSH_AT = 1024;
  private static final int SCROLLED_AT_MOST = 64;
  private static final int COST_AT_MOST = Effort.TURN / 2;
  private static final String DROP_SCROLLED = "\033[3J";

  private final ScreenTerminal terminal;
  private final StringBuilder commands = new StringBuilder();
  private final Effort effort;

  /** What waits to be done costs this, and a cell for each of its characters. */
  private long cost;

  private int style;
  private boolean marking;
  private int scrolled;

  /**
   * Makes an empty one.
   *
   * @param effort where to count what it costs
   */
  Emulator(int rows, int columns, Effort effort) {
    this.effort = effort;
    terminal = new ScreenTerminal(columns, rows);
    costs(2L * rows * columns); // it has an alternate screen of its own
  }

  /** A copy of the cells, line by line. */
  long[] cells() {
    flush();
    long[] cells = new long[terminal.getRows() * terminal.getColumns()];
    effort.spend(cells.length);
    terminal.dump(cells, null);
    return cells;
  }

  /** Whether a cell was written by a pen that marks. */
  static boolean isMarked(long cell) {
    return ScreenTerminal.cellUnderline(cell);
  }

  void resize(int rows, int columns) {
    commands.append(DROP_SCROLLED);
    flush();
    terminal.setSize(Size.of(columns, rows));
    commands.append(DROP_SCROLLED);
  }

  /**
   * Selects how is written and erased from now on.
   *
   * @param number that of a style
   * @param marks whether cells are marked
   */
  void pen(int number, boolean marks) {
    if (number == style && marks == marking) {
      return;
    }
    style = number;
    marking = marks;
    commands.append("\033[0");
    if (number > 0xFFF) {
      color(";38;2;", number >>> 12);
    }
    if (number > 0) {
      color(";48;2;", number & 0xFFF);
    }
    commands.append(marks ? ";4m" : "m");
  }

  boolean isMarking() {
    return marking;
  }

  /** Twelve bits as a colour, of whose parts the emulator keeps the upper four bits. */
  private void color(String which, int bits) {
    commands.append(which).append(bits >> 8 << 4);
    commands.append(';').append((bits >> 4 & 0xF) << 4);
    commands.append(';').append((bits & 0xF) << 4);
  }

  void write(char character) {
    commands.append(character);
    flushIfLarge();
  }

  void write(String sequence) {
    commands.append(sequence);
    flushIfLarge();
  }

  void writeCharacter(int codePoint, int times) {
    commands.repeat(codePoint, times);
    flushIfLarge();
  }

  /** A control sequence with one parameter. */
  void command(int parameter, char end) {
    commands.append("\033[").append(parameter).append(end);
    flushIfLarge();
  }

  /** A control sequence with two parameters. */
  void command(int first, int second, char end) {
    commands.append("\033[").append(first).append(';').append(second).append(end);
    flushIfLarge();
  }

  /** Lines were scrolled, maybe away. */
  void scrolled(int count) {
    scrolled += count;
    if (scrolled >= SCROLLED_AT_MOST) {
      commands.append(DROP_SCROLLED);
      scrolled = 0;
    }
  }

  /** What it was told last costs more than its characters: it moves or erases so many cells. */
  void costs(long cells) {
    cost += cells;
    if (cost >= COST_AT_MOST) {
      flush();
    }
  }

  private void flushIfLarge() {
    if (commands.length() > FLUSH_AT) {
      flush();
    }
  }

  private void flush() {
    terminal.write(commands);
    final long spent = cost + commands.length();
    commands.setLength(0);
    cost = 0;
    effort.spend(spent);
  }
}

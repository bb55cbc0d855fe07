package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Draws what an {@link OutputParser} finds on a terminal, as xterm does: reads the controls and the
 * sequences.
 *
 * <p>Not safe for use by several threads.
 */
final class ScreenDrawer implements OutputSink {
  /** Longest title, in UTF-16 code units. */
  private static final int MAX_TITLE = 1024;

  private final ScreenState state;
  private final TerminalModes modes;
  private final Charsets charsets;

  /** Draws on the screens of a terminal. */
  ScreenDrawer(ScreenState state) {
    this.state = state;
    this.modes = state.modes();
    this.charsets = state.charsets();
  }

  @Override
  public void ascii(byte[] bytes, int from, int end) {
    state.ascii(bytes, from, end);
  }

  @Override
  public void character(int codePoint) {
    state.character(codePoint);
  }

  // Controls

  @Override
  public void control(int code) {
    state.forgetLast();
    ScreenBuffer screen = state.shown();
    switch (code) {
      case '\b' -> {
        screen.settle();
        screen.moveTo(screen.row(), screen.column() - 1);
      }
      case '\t' -> tab(1);
      case '\n', 0x0B, '\f' -> lineFeed();
      case '\r' -> screen.carriageReturn();
      case 0x0E -> charsets.use(1);
      case 0x0F -> charsets.use(0);
      default -> {
        // Shows nothing.
      }
    }
  }

  private void lineFeed() {
    if (modes.newLine()) {
      state.shown().carriageReturn();
    }
    state.shown().lineFeed(state.styleNumber());
  }

  private void tab(int count) {
    ScreenBuffer screen = state.shown();
    if (screen.pendingWrap()) {
      return;
    }
    screen.tab(count);
  }

  @Override
  public void escape(int intermediate, int end) {
    state.forgetLast();
    int designated = "()*+-./".indexOf(intermediate);
    if (intermediate == 0) {
      escape(end);
    } else if (designated >= 0) {
      charsets.designate(designated < 4 ? designated : designated - 3, end);
    } else if (intermediate == '#' && end == '8') {
      state.shown().fill('E', state.styleNumber());
      state.moveTo(0, 0);
    } else if (intermediate == '%') {
      charsets.use(0);
      charsets.designate(0, 'B');
    }
  }

  private void escape(int end) {
    ScreenBuffer screen = state.shown();
    switch (end) {
      case '7' -> state.save();
      case '8' -> state.restore();
      case '=' -> modes.set(TerminalModes.KEYPAD, true);
      case '>' -> modes.set(TerminalModes.KEYPAD, false);
      case 'D' -> screen.lineFeed(state.styleNumber());
      case 'E' -> {
        screen.carriageReturn();
        screen.lineFeed(state.styleNumber());
      }
      case 'H' -> screen.tabs().set(screen.column());
      case 'M' -> screen.reverseLineFeed(state.styleNumber());
      case 'c' -> state.reset(screen.rows(), screen.columns());
      case 'n' -> charsets.use(2);
      case 'o' -> charsets.use(3);
      default -> {
        // Shows nothing.
      }
    }
  }

  // Operating system commands

  @Override
  public void command(byte[] payload, int length) {
    state.forgetLast();
    if (length > 1 && (payload[0] == '0' || payload[0] == '2') && payload[1] == ';') {
      String text = new String(payload, 2, length - 2, UTF_8);
      StringBuilder clean = new StringBuilder();
      text.codePoints()
          .filter(c -> !Character.isISOControl(c))
          .limit(MAX_TITLE)
          .forEach(clean::appendCodePoint);
      state.title(clean.toString());
    }
  }

  // Control sequences

  @Override
  public void controlSequence(ControlSequence sequence) {
    if (sequence.prefix() == 0 && sequence.intermediate() == 0 && sequence.end() == 'b') {
      state.repeatLast(sequence.times(0));
      return;
    }
    state.forgetLast();
    switch (sequence.intermediate()) {
      case 0 -> {
        switch (sequence.prefix()) {
          case 0 -> {
            if (!move(sequence)) {
              change(sequence);
            }
          }
          case '?' -> privateSequence(sequence);
          default -> {
            // Nothing that a screen shows.
          }
        }
      }
      case ' ' -> {
        if (sequence.end() == 'q') {
          modes.cursorShape(Math.min(6, sequence.value(0)));
        }
      }
      case '!' -> {
        if (sequence.end() == 'p') {
          state.softReset();
        }
      }
      default -> {
        // Nothing that a screen shows.
      }
    }
  }

  /** The sequences that move the cursor; false if it is none of them. */
  private boolean move(ControlSequence sequence) {
    ScreenBuffer screen = state.shown();
    int row = screen.row();
    int column = screen.column();
    int times = sequence.times(0);
    switch (sequence.end()) {
      case 'A' -> state.place(up(row, times), column);
      case 'B' -> state.place(down(row, times), column);
      case 'C', 'a' -> state.place(row, column + times);
      case 'D' -> state.place(row, column - times);
      case 'E' -> state.place(down(row, times), 0);
      case 'F' -> state.place(up(row, times), 0);
      case 'G', '`' -> state.place(row, times - 1);
      case 'H', 'f' -> state.moveTo(times - 1, sequence.times(1) - 1);
      case 'I' -> tab(times);
      case 'Z' -> screen.tab(-times);
      case 'd' -> state.moveTo(times - 1, column);
      case 'e' -> state.place(row + times, column);
      case 's' -> state.save();
      case 'u' -> state.restore();
      default -> {
        return false;
      }
    }
    return true;
  }

  private int up(int row, int times) {
    int limit = row >= state.shown().top() ? state.shown().top() : 0;
    return Math.max(limit, row - times);
  }

  private int down(int row, int times) {
    int limit = row <= state.shown().bottom() ? state.shown().bottom() : state.shown().rows() - 1;
    return Math.min(limit, row + times);
  }

  /** The sequences that change cells and how they are changed. */
  private void change(ControlSequence sequence) {
    ScreenBuffer screen = state.shown();
    int value = sequence.value(0);
    char end = sequence.end();
    switch (end) {
      case '@', 'P', 'X' -> screen.changeCharacters(sequence.times(0), end, state.styleNumber());
      case 'J' -> {
        if (value <= 2) {
          screen.eraseInDisplay(value, state.styleNumber());
        }
      }
      case 'K' -> {
        if (value <= 2) {
          screen.eraseInLine(value, state.styleNumber());
        }
      }
      case 'L', 'M' -> screen.changeLines(sequence.times(0), end, state.styleNumber());
      case 'S' -> screen.scroll(sequence.times(0), 'S', state.styleNumber());
      case 'T' -> {
        if (sequence.count() == 1) {
          screen.scroll(sequence.times(0), 'T', state.styleNumber());
        }
      }
      case 'g' -> {
        if (value == 0) {
          screen.tabs().clear(screen.column());
        } else if (value == 3) {
          screen.tabs().clear();
        }
      }
      case 'h' -> ansiModes(sequence, true);
      case 'l' -> ansiModes(sequence, false);
      case 'm' -> state.style(CellStyle.select(state.style(), sequence));
      case 'r' -> scrollRegion(sequence);
      default -> {
        // Nothing that a screen shows.
      }
    }
  }

  private void scrollRegion(ControlSequence sequence) {
    ScreenBuffer screen = state.shown();
    int top = sequence.times(0);
    int given = sequence.value(1);
    int bottom = given == 0 ? screen.rows() : Math.min(given, screen.rows());
    if (bottom > top) {
      screen.setRegion(top - 1, bottom - 1);
      state.moveTo(0, 0);
    }
  }

  private void ansiModes(ControlSequence sequence, boolean on) {
    for (int i = 0; i < sequence.count(); i++) {
      modes.setAnsi(sequence.value(i), on);
    }
    state.shown().setInserting(modes.inserting());
  }

  private void privateSequence(ControlSequence sequence) {
    char end = sequence.end();
    if (end == 'h' || end == 'l') {
      for (int i = 0; i < sequence.count(); i++) {
        privateMode(sequence.value(i), end == 'h');
      }
    } else if (end == 'J' && sequence.value(0) <= 2) {
      // Nothing is ever protected from being erased selectively.
      state.shown().eraseInDisplay(sequence.value(0), state.styleNumber());
    } else if (end == 'K' && sequence.value(0) <= 2) {
      state.shown().eraseInLine(sequence.value(0), state.styleNumber());
    }
  }

  private void privateMode(int mode, boolean on) {
    switch (mode) {
      case 47, 1047 -> state.showAlternate(on);
      case 1048 -> {
        if (on) {
          state.save();
        } else {
          state.restore();
        }
      }
      case 1049 -> {
        if (on) {
          state.save();
          state.showAlternate(true);
        } else {
          state.showAlternate(false);
          state.restore();
        }
      }
      case TerminalModes.ORIGIN -> {
        modes.set(mode, on);
        state.moveTo(0, 0);
      }
      default -> modes.set(mode, on);
    }
  }
}

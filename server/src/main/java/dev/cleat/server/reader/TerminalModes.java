package dev.cleat.server.reader;

import java.util.BitSet;

/** What a terminal's programs switch on and off, but for the screens. */
final class TerminalModes {
  static final int CURSOR_KEYS = 1;
  static final int ORIGIN = 6;
  static final int AUTO_WRAP = 7;
  static final int X10_MOUSE = 9;
  static final int CURSOR = 25;
  static final int REVERSE_WRAP = 45;
  static final int KEYPAD = 66;
  static final int MOUSE = 1000;
  static final int MOUSE_DRAG = 1002;
  static final int MOUSE_ANY = 1003;
  static final int FOCUS = 1004;
  static final int MOUSE_SGR = 1006;
  static final int MOUSE_PIXELS = 1016;
  static final int BRACKETED_PASTE = 2004;
  static final int SYNCHRONIZED = 2026;

  private static final int[] MICE = {X10_MOUSE, MOUSE, MOUSE_DRAG, MOUSE_ANY};
  private static final int[] MOUSE_FORMATS = {MOUSE_SGR, MOUSE_PIXELS};

  /** Without the screens, which are not kept here. In the order in which they are written. */
  private static final int[] PRIVATE = {
    CURSOR_KEYS,
    KEYPAD,
    X10_MOUSE,
    MOUSE,
    MOUSE_DRAG,
    MOUSE_ANY,
    MOUSE_SGR,
    MOUSE_PIXELS,
    FOCUS,
    REVERSE_WRAP,
    BRACKETED_PASTE
  };

  private static final BitSet KNOWN = new BitSet();

  static {
    for (int mode : PRIVATE) {
      KNOWN.set(mode);
    }
    for (int mode : new int[] {ORIGIN, AUTO_WRAP, CURSOR, SYNCHRONIZED}) {
      KNOWN.set(mode);
    }
  }

  private final BitSet set = new BitSet();
  private boolean inserting;
  private boolean newLine;
  private int cursorShape;

  TerminalModes() {
    reset();
  }

  void reset() {
    softReset();
    cursorShape = 0;
    newLine = false;
    clear(MICE);
    clear(MOUSE_FORMATS);
    set.clear(SYNCHRONIZED);
  }

  /** What a soft reset (DECSTR) resets. */
  void softReset() {
    set.clear(CURSOR_KEYS);
    set.clear(KEYPAD);
    set.clear(ORIGIN);
    set.clear(BRACKETED_PASTE);
    set.clear(REVERSE_WRAP);
    set.clear(FOCUS);
    set.set(AUTO_WRAP);
    set.set(CURSOR);
    inserting = false;
  }

  boolean is(int mode) {
    return set.get(mode);
  }

  /** 1 if a private mode is set, 2 if it is not, 0 if it is not known. */
  int state(int mode) {
    return KNOWN.get(mode) ? state(is(mode)) : 0;
  }

  /** The same for a mode without a question mark. */
  int ansiState(int mode) {
    return switch (mode) {
      case 4 -> state(inserting);
      case 20 -> state(newLine);
      default -> 0;
    };
  }

  private static int state(boolean isSet) {
    return isSet ? 1 : 2;
  }

  boolean inserting() {
    return inserting;
  }

  /** Whether a line feed goes to the beginning of the line. */
  boolean newLine() {
    return newLine;
  }

  boolean mouseReporting() {
    return is(X10_MOUSE) || is(MOUSE) || is(MOUSE_DRAG) || is(MOUSE_ANY);
  }

  void set(int mode, boolean on) {
    switch (mode) {
      case X10_MOUSE, MOUSE, MOUSE_DRAG, MOUSE_ANY -> {
        clear(MICE);
        set.set(mode, on);
      }
      case MOUSE_SGR, MOUSE_PIXELS -> {
        clear(MOUSE_FORMATS);
        set.set(mode, on);
      }
      default -> {
        if (KNOWN.get(mode)) {
          set.set(mode, on);
        }
      }
    }
  }

  /** The modes without a question mark. */
  void setAnsi(int mode, boolean on) {
    switch (mode) {
      case 4 -> inserting = on;
      case 20 -> newLine = on;
      default -> {
        // Nothing that a screen shows.
      }
    }
  }

  void cursorShape(int shape) {
    cursorShape = shape;
  }

  private void clear(int[] modes) {
    for (int mode : modes) {
      set.clear(mode);
    }
  }

  /** Writes the modes that do not change what is written to the screen. */
  void write(StringBuilder to) {
    for (int mode : PRIVATE) {
      if (is(mode)) {
        to.append("\033[?").append(mode).append('h');
      }
    }
    if (!is(CURSOR)) {
      to.append("\033[?25l");
    }
    if (cursorShape != 0) {
      to.append("\033[").append(cursorShape).append(" q");
    }
  }

  /** Writes those that do, and not where the cursor is. */
  void writeDrawing(StringBuilder to) {
    if (newLine) {
      to.append("\033[20h");
    }
    if (inserting) {
      to.append("\033[4h");
    }
    if (!is(AUTO_WRAP)) {
      to.append("\033[?7l");
    }
  }
}

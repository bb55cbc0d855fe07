package dev.cleat.server.reader;

/**
 * Something a program asked the terminal for, in an escape sequence of its output, and waits to be
 * told through its input. {@link TerminalAnswers} knows what to say.
 *
 * <p>{@code end} is a byte offset in the session's output: of the first byte after the question.
 */
public sealed interface Query {
  long end();

  /** Whether the answer depends on what was printed before, so that it has to be drawn first. */
  default boolean needsScreen() {
    return false;
  }

  /** What a terminal can do. */
  enum Attributes {
    /** {@code CSI c}, DA1, also {@code ESC Z}. */
    PRIMARY,
    /** {@code CSI > c}, DA2. */
    SECONDARY,
    /** {@code CSI = c}, DA3. */
    TERTIARY
  }

  /** Of what the size is asked for. */
  enum Extent {
    /** {@code CSI 14 t}: of the text area, in pixels. */
    TEXT_PIXELS,
    /** {@code CSI 16 t}: of a character, in pixels. */
    CELL_PIXELS,
    /** {@code CSI 18 t}: of the text area, in characters. */
    TEXT_CELLS,
    /** {@code CSI 19 t}: of the largest text area there could be, in characters. */
    SCREEN_CELLS
  }

  /** What the terminal can do. */
  record DeviceAttributes(Attributes which, long end) implements Query {}

  /** The terminal's name and version ({@code CSI > q}, XTVERSION). */
  record Version(long end) implements Query {}

  /** Whether the terminal is well ({@code CSI 5 n}). */
  record Status(long end) implements Query {}

  /**
   * Where the cursor is.
   *
   * @param extended asked for as {@code CSI ? 6 n}, not as {@code CSI 6 n}
   */
  record CursorPosition(boolean extended, long end) implements Query {
    @Override
    public boolean needsScreen() {
      return true;
    }
  }

  /**
   * Whether a mode is set (DECRQM).
   *
   * @param dec asked for as {@code CSI ? mode $ p}, not as {@code CSI mode $ p}
   */
  record Mode(int mode, boolean dec, long end) implements Query {
    @Override
    public boolean needsScreen() {
      return true;
    }
  }

  /**
   * A colour ({@code OSC 4 ; index ; ?}, {@code OSC 10 ; ?} to {@code OSC 12 ; ?}).
   *
   * @param code 4, 10, 11 or 12
   * @param index 0 to 255 with 4, else 0
   * @param bell the question ended with BEL, and so does the answer
   */
  record Color(int code, int index, boolean bell, long end) implements Query {}

  /** A size. */
  record Size(Extent of, long end) implements Query {}

  /** How something is set ({@code DCS $ q … ST}, DECRQSS). */
  record Setting(long end) implements Query {}

  /**
   * What the terminal's description says ({@code DCS + q … ST}, XTGETTCAP).
   *
   * @param names the names in hexadecimal, as they were asked for
   */
  record Capability(String names, long end) implements Query {}
}

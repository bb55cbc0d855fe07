package dev.cleat.server.reader;

/**
 * Turns a terminal's output into text without escape sequences, in whatever pieces it comes.
 *
 * <p>Removed are: control sequences (CSI), strings (OSC, DCS, APC, PM, SOS), other escape
 * sequences, and all control characters but newline and tab. {@code \r\n}, also {@code \r\r\n}, is
 * a newline. A {@code \r} alone, with which programs overwrite a line, starts a new line, so that
 * each state of a progress bar is a line of its own; where the line is still empty it is nothing. A
 * backspace is nothing: text that was given out is not taken back. There is no screen here: text of
 * full-screen programs comes out in the order in which it was drawn.
 *
 * <p>As in a terminal, a string that never ends hides what follows until the next escape sequence.
 * Nothing of what is removed is kept, so memory does not depend on the input. Invalid UTF-8 becomes
 * U+FFFD as in {@link Utf8Text}.
 *
 * <p>Not safe for use by several threads.
 */
public final class PlainText {
  private static final int BEL = 0x07;
  private static final int CAN = 0x18;
  private static final int SUB = 0x1A;
  private static final int ESC = 0x1B;
  private static final int DEL = 0x7F;

  private enum State {
    TEXT,
    /** After ESC and its intermediate bytes. */
    ESCAPE,
    CONTROL_SEQUENCE,
    /** A string that BEL ends, too. */
    OSC,
    STRING
  }

  private final Utf8Text utf8 = new Utf8Text();
  private State state = State.TEXT;
  private boolean carriageReturn;
  private boolean lineEmpty = true;
  private byte[] kept = new byte[0];
  private int keptCount;

  /** The text of these bytes, as far as its characters are complete; may be empty. */
  public String feed(byte[] bytes, int from, int count) {
    if (kept.length < 2 * count) {
      // A byte becomes at most two: a newline for a carriage return before it, and itself.
      kept = new byte[2 * count];
    }
    keptCount = 0;
    int end = from + count;
    int at = from;
    while (at < end) {
      step(bytes[at] & 0xFF);
      at++;
      if (state == State.TEXT && !carriageReturn) {
        at = keepRun(bytes, at, end);
      }
    }
    return withoutC1(utf8.feed(kept, 0, keptCount));
  }

  /** What is left at the end of the output: U+FFFD if it ends within a character, else nothing. */
  public String flush() {
    return utf8.flush();
  }

  /**
   * Keeps what comes before the next control; after a carriage return this is not all there is to
   * do.
   */
  private int keepRun(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && (bytes[at] < 0 || (bytes[at] >= ' ' && bytes[at] != DEL))) {
      at++;
    }
    if (at > from) {
      System.arraycopy(bytes, from, kept, keptCount, at - from);
      keptCount += at - from;
      lineEmpty = false;
    }
    return at;
  }

  private void step(int b) {
    if (b == ESC) {
      state = State.ESCAPE;
    } else if (b == CAN || b == SUB) {
      state = State.TEXT;
    } else {
      switch (state) {
        case TEXT -> text(b);
        case ESCAPE -> escape(b);
        case CONTROL_SEQUENCE -> controlSequence(b);
        case OSC -> state = b == BEL ? State.TEXT : State.OSC;
        case STRING -> {
          // Only ESC, CAN and SUB end it.
        }
      }
    }
  }

  private void text(int b) {
    if (b == '\n') {
      keep(b);
      lineEmpty = true;
      carriageReturn = false;
    } else if (b == '\r') {
      carriageReturn = true;
    } else if (b == '\t' || (b >= ' ' && b != DEL)) {
      if (carriageReturn && !lineEmpty) {
        keep('\n');
      }
      carriageReturn = false;
      lineEmpty = false;
      keep(b);
    }
  }

  private void escape(int b) {
    if (b >= 0x80) {
      state = State.TEXT;
      text(b);
    } else if (b < ' ') {
      text(b);
    } else if (b >= 0x30) {
      state =
          switch (b) {
            case '[' -> State.CONTROL_SEQUENCE;
            case ']' -> State.OSC;
            case 'P', 'X', '^', '_' -> State.STRING;
            default -> State.TEXT;
          };
    }
  }

  private void controlSequence(int b) {
    if (b >= 0x80) {
      state = State.TEXT;
      text(b);
    } else if (b < ' ') {
      text(b);
    } else if (b >= 0x40 && b != DEL) {
      state = State.TEXT;
    }
  }

  /** Some terminals take U+0080–U+009F for controls, so they are removed like the others. */
  private static String withoutC1(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isC1(text.charAt(i))) {
        StringBuilder clean = new StringBuilder(text.length());
        text.chars().filter(c -> !isC1(c)).forEach(c -> clean.append((char) c));
        return clean.toString();
      }
    }
    return text;
  }

  private static boolean isC1(int c) {
    return c >= 0x80 && c < 0xA0;
  }

  private void keep(int b) {
    kept[keptCount] = (byte) b;
    keptCount++;
  }
}

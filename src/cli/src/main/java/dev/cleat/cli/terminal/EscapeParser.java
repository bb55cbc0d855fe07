package dev.cleat.cli.terminal;

/**
 * Splits what a program prints into text and escape sequences; takes it in pieces of any size.
 * Confined to one thread.
 *
 * <p>It finds what any terminal would: where terminals differ, a sequence is given on in the form
 * that all of them read in the same way, or not at all. Controls inside of a control sequence are
 * text, as terminals obey them at once. U+0090 to U+009F, which some take for ESC and a letter,
 * become that.
 */
final class EscapeParser {

  /** Gets the parts, in order. The arrays are only lent. */
  interface Handler {
    /** Text, with its control characters. */
    void text(byte[] bytes, int from, int to);

    /** A whole escape sequence. */
    void sequence(byte[] bytes, int length);

    /**
     * The beginning of an overlong sequence.
     *
     * @return whether to be given the rest, too
     */
    boolean overlong(byte[] bytes, int length);

    /** What follows the beginning of an overlong sequence. */
    void overlong(byte b);
  }

  private enum State {
    TEXT,
    ESCAPE,
    INTERMEDIATE,
    CONTROL_SEQUENCE,
    STRING,
    STRING_ESCAPE
  }

  private static final int ESC = 0x1b;
  private static final int BEL = 0x07;
  private static final int DEL = 0x7f;

  /** The first byte of U+0080 to U+009F, of which these begin or end a sequence. */
  private static final int LEAD_OF_C1 = 0xc2;

  private static final String C1 = "\u0090\u0098\u009a\u009b\u009c\u009d\u009e\u009f";

  /** Longer ones are pictures and the like. */
  private static final int LIMIT_BYTES = 4 << 10;

  private final Handler handler;
  private final byte[] held = new byte[LIMIT_BYTES];
  private int heldBytes;
  private boolean tooLong;
  private boolean lent;
  private boolean lead;
  private State state = State.TEXT;

  EscapeParser(Handler handler) {
    this.handler = handler;
  }

  void parse(byte[] bytes, int from, int to) {
    int textFrom = from;
    for (int i = from; i < to; i++) {
      int b = bytes[i] & 0xff;
      if (state == State.TEXT && !lead && b != ESC && b != LEAD_OF_C1) {
        continue;
      }
      text(bytes, textFrom, i);
      textFrom = i + 1;
      if (b == LEAD_OF_C1) {
        flushLead();
        lead = true;
      } else if (lead && C1.indexOf(b) >= 0) {
        lead = false;
        step(ESC);
        step(b - 0x40);
      } else {
        flushLead();
        step(b);
      }
    }
    text(bytes, textFrom, to);
  }

  private void flushLead() {
    if (lead) {
      lead = false;
      step(LEAD_OF_C1);
    }
  }

  private void step(int b) {
    if (state != State.TEXT) {
      sequence(b);
    } else if (b == ESC) {
      begin();
    } else {
      handler.text(new byte[] {(byte) b}, 0, 1);
    }
  }

  private void text(byte[] bytes, int from, int to) {
    if (from < to) {
      handler.text(bytes, from, to);
    }
  }

  private void begin() {
    heldBytes = 0;
    tooLong = false;
    hold(ESC);
    state = State.ESCAPE;
  }

  private void sequence(int b) {
    if (b == 0x18 || b == 0x1a) {
      hold(b);
      end();
      return;
    }
    switch (state) {
      case STRING -> inString(b);
      case STRING_ESCAPE -> afterString(b);
      case ESCAPE, INTERMEDIATE, CONTROL_SEQUENCE -> {
        if (b == ESC) {
          begin(); // what was not whole is nothing to any terminal
        } else if (b < ' ' || b >= DEL) {
          malformed(b);
        } else {
          goOn(b);
        }
      }
      case TEXT -> throw new IllegalStateException("no sequence has begun");
    }
  }

  private void inString(int b) {
    if (b == ESC) {
      state = State.STRING_ESCAPE;
      return;
    }
    hold(b);
    if (b == BEL) {
      end();
    }
  }

  /** A string that another sequence breaks off has its end here. */
  private void afterString(int b) {
    hold(ESC);
    hold('\\');
    end();
    if (b != '\\') {
      begin();
      sequence(b);
    }
  }

  private void goOn(int b) {
    switch (state) {
      case ESCAPE -> afterEscape(b);
      case INTERMEDIATE -> holdUntil(b, b >= 0x30);
      default -> holdUntil(b, b >= 0x40);
    }
  }

  /** A byte that belongs to no sequence but a string. */
  private void malformed(int b) {
    if (b > DEL) {
      state = State.TEXT;
    }
    if (b != DEL) {
      handler.text(new byte[] {(byte) b}, 0, 1);
    }
  }

  private void afterEscape(int b) {
    hold(b);
    switch (b) {
      case '[' -> state = State.CONTROL_SEQUENCE;
      case ']', 'P', 'X', '^', '_' -> state = State.STRING;
      default -> {
        if (b >= 0x20 && b < 0x30) {
          state = State.INTERMEDIATE;
        } else {
          end();
        }
      }
    }
  }

  private void holdUntil(int b, boolean last) {
    hold(b);
    if (last) {
      end();
    }
  }

  private void hold(int b) {
    if (tooLong) {
      if (lent) {
        handler.overlong((byte) b);
      }
      return;
    }
    held[heldBytes++] = (byte) b;
    if (heldBytes == held.length) {
      tooLong = true;
      lent = handler.overlong(held, heldBytes);
    }
  }

  private void end() {
    state = State.TEXT;
    if (!tooLong) {
      handler.sequence(held, heldBytes);
    }
  }
}

package dev.cleat.cli.terminal;

/**
 * Splits what a program prints into text and escape sequences; takes it in pieces of any size.
 * Confined to one thread.
 */
final class EscapeParser {

  /** Gets the parts, in order. The arrays are only lent. */
  interface Handler {
    /** Text, with its control characters. */
    void text(byte[] bytes, int from, int to);

    /** A whole escape sequence, or the beginning of one that is overlong or was broken off. */
    void sequence(byte[] bytes, int length);

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

  /** Longer ones are pictures and the like. */
  private static final int LIMIT_BYTES = 4 << 10;

  private final Handler handler;
  private final byte[] held = new byte[LIMIT_BYTES];
  private int heldBytes;
  private boolean tooLong;
  private State state = State.TEXT;

  EscapeParser(Handler handler) {
    this.handler = handler;
  }

  void parse(byte[] bytes, int from, int to) {
    int textFrom = from;
    for (int i = from; i < to; i++) {
      int b = bytes[i] & 0xff;
      if (state != State.TEXT) {
        sequence(b);
        textFrom = i + 1;
      } else if (b == ESC) {
        text(bytes, textFrom, i);
        begin();
        textFrom = i + 1;
      }
    }
    text(bytes, textFrom, to);
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
    if (b == ESC && state != State.STRING) {
      end(); // broken off
      begin();
      return;
    }
    switch (state) {
      case ESCAPE, STRING_ESCAPE -> afterEscape(b);
      case INTERMEDIATE -> holdUntil(b, b >= 0x30);
      case CONTROL_SEQUENCE -> holdUntil(b, b >= 0x40 && b <= 0x7e);
      case STRING -> {
        hold(b);
        if (b == BEL) {
          end();
        } else if (b == ESC) {
          state = State.STRING_ESCAPE;
        }
      }
      case TEXT -> throw new IllegalStateException("no sequence has begun");
    }
  }

  private void afterEscape(int b) {
    if (state == State.STRING_ESCAPE && b != '\\') {
      // The string was broken off by another sequence, whose ESC has been held with it.
      heldBytes = tooLong ? heldBytes : heldBytes - 1;
      end();
      begin();
    }
    boolean ends = state == State.STRING_ESCAPE;
    hold(b);
    if (ends) {
      end();
      return;
    }
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
      handler.overlong((byte) b);
      return;
    }
    held[heldBytes++] = (byte) b;
    if (heldBytes == held.length) {
      tooLong = true;
      handler.sequence(held, heldBytes);
    }
  }

  private void end() {
    state = State.TEXT;
    if (!tooLong) {
      handler.sequence(held, heldBytes);
    }
  }
}

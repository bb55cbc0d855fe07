package dev.cleat.server.reader;

import java.util.Arrays;

/**
 * Takes the output of a program apart into characters, control characters and escape sequences, in
 * whatever pieces it comes.
 *
 * <p>As terminals do: control characters inside of a sequence take effect at once, ESC begins a new
 * sequence in the middle of another, CAN and SUB end one without effect. Characters are UTF-8; what
 * is no character becomes U+FFFD.
 *
 * <p>Memory is bounded by {@link #MAX_PAYLOAD}: a longer operating system command has no effect,
 * and of device control strings and their like nothing is kept. {@link #tail} are the bytes of what
 * is not complete yet, or a shorter sequence that comes to the same.
 *
 * <p>Not safe for use by several threads.
 */
final class OutputParser {
  /** Longest operating system command, in bytes. */
  static final int MAX_PAYLOAD = 4096;

  /** Longest control sequence, in bytes; none that does something is near it. */
  private static final int MAX_SEQUENCE = 256;

  private static final int BEL = 0x07;
  private static final int CAN = 0x18;
  private static final int SUB = 0x1A;
  private static final int ESC = 0x1B;
  private static final int DEL = 0x7F;
  private static final int REPLACEMENT = 0xFFFD;

  private enum State {
    GROUND,
    /** After the first bytes of a character. */
    CHARACTER,
    /** After ESC and its intermediate bytes. */
    ESCAPE,
    /** In a control sequence. */
    SEQUENCE,
    /** In a control sequence that is none. */
    BAD_SEQUENCE,
    /** In an operating system command. */
    COMMAND,
    COMMAND_ESCAPE,
    /** In a device control string, an application's, a private one's or a start-of-string. */
    STRING,
    STRING_ESCAPE
  }

  private final OutputSink sink;
  private final ControlSequence sequence = new ControlSequence();
  private State state = State.GROUND;

  /** The bytes since the last complete thing. */
  private byte[] held = new byte[32];

  private int heldCount;

  private int intermediate;
  private int codePoint;
  private int missing;
  private int lowest;
  private int highest;

  OutputParser(OutputSink sink) {
    this.sink = sink;
  }

  void reset() {
    state = State.GROUND;
    heldCount = 0;
  }

  /** What is needed to bring another parser, in its first state, into the state of this one. */
  byte[] tail() {
    return Arrays.copyOf(held, heldCount);
  }

  void feed(byte[] bytes, int from, int count) {
    int end = from + count;
    int at = from;
    while (at < end) {
      if (state == State.GROUND) {
        int run = at;
        while (run < end && bytes[run] >= ' ' && bytes[run] != DEL) {
          run++;
        }
        if (run > at) {
          sink.ascii(bytes, at, run);
          at = run;
          continue;
        }
      }
      step(bytes[at] & 0xFF);
      at++;
    }
  }

  private void step(int b) {
    if (state == State.CHARACTER) {
      if (b >= lowest && b <= highest) {
        continueCharacter(b);
        return;
      }
      ground();
      sink.character(REPLACEMENT);
    }
    switch (state) {
      case GROUND, CHARACTER -> ground(b);
      case ESCAPE -> escape(b);
      case SEQUENCE -> sequence(b);
      case BAD_SEQUENCE -> badSequence(b);
      case COMMAND -> command(b);
      case COMMAND_ESCAPE -> {
        if (b == '\\') {
          finishCommand();
        } else {
          begin();
          escape(b);
        }
      }
      case STRING -> string(b);
      case STRING_ESCAPE -> {
        if (b == '\\') {
          ground();
        } else {
          begin();
          escape(b);
        }
      }
    }
  }

  private void ground(int b) {
    if (b == ESC) {
      begin();
    } else if (b < ' ') {
      control(b);
    } else if (b >= 0x80) {
      firstOfCharacter(b);
    } else if (b != DEL) {
      sink.ascii(new byte[] {(byte) b}, 0, 1);
    }
  }

  private void control(int b) {
    if (b == CAN || b == SUB) {
      ground();
    } else {
      sink.control(b);
    }
  }

  private void firstOfCharacter(int b) {
    lowest = 0x80;
    highest = 0xBF;
    if (b >= 0xC2 && b < 0xE0) {
      missing = 1;
      codePoint = b & 0x1F;
    } else if (b >= 0xE0 && b < 0xF0) {
      missing = 2;
      codePoint = b & 0x0F;
      lowest = b == 0xE0 ? 0xA0 : 0x80;
      highest = b == 0xED ? 0x9F : 0xBF;
    } else if (b >= 0xF0 && b < 0xF5) {
      missing = 3;
      codePoint = b & 0x07;
      lowest = b == 0xF0 ? 0x90 : 0x80;
      highest = b == 0xF4 ? 0x8F : 0xBF;
    } else {
      sink.character(REPLACEMENT);
      return;
    }
    state = State.CHARACTER;
    heldCount = 0;
    hold(b);
  }

  private void continueCharacter(int b) {
    codePoint = codePoint << 6 | (b & 0x3F);
    lowest = 0x80;
    highest = 0xBF;
    missing--;
    if (missing > 0) {
      hold(b);
      return;
    }
    ground();
    if (codePoint >= 0xA0) {
      sink.character(codePoint);
    } else {
      // A C1 control: ESC and the byte 0x40 below it.
      begin();
      escape(codePoint - 0x40);
    }
  }

  private void begin() {
    state = State.ESCAPE;
    intermediate = 0;
    heldCount = 0;
    hold(ESC);
  }

  private void ground() {
    state = State.GROUND;
    heldCount = 0;
  }

  /** The controls that are the same in all sequences. */
  private boolean controlInside(int b) {
    if (b == ESC) {
      begin();
    } else if (b < ' ') {
      control(b);
    } else if (b >= 0x80) {
      ground();
      ground(b);
    } else {
      return b == DEL;
    }
    return true;
  }

  private void escape(int b) {
    if (controlInside(b)) {
      return;
    }
    hold(b);
    if (b < 0x30) {
      intermediate = b;
      heldCount = Math.min(heldCount, MAX_SEQUENCE);
      return;
    }
    if (intermediate == 0) {
      switch (b) {
        case '[' -> {
          state = State.SEQUENCE;
          sequence.clear();
          return;
        }
        case ']' -> {
          state = State.COMMAND;
          return;
        }
        case 'P', 'X', '^', '_' -> {
          state = State.STRING;
          return;
        }
        default -> {
          // An escape sequence.
        }
      }
    }
    ground();
    sink.escape(intermediate, b);
  }

  private void sequence(int b) {
    if (controlInside(b)) {
      return;
    }
    if (b >= 0x40) {
      ground();
      sequence.end(b);
      sink.controlSequence(sequence);
      return;
    }
    boolean first = heldCount == 2;
    hold(b);
    if (heldCount > MAX_SEQUENCE || (b >= 0x30 && sequence.intermediate() != 0)) {
      bad();
    } else if (b < 0x30) {
      sequence.intermediate(b);
    } else if (b <= '9') {
      sequence.digit(b);
    } else if (b == ':' || b == ';') {
      sequence.next(b == ':');
    } else if (first) {
      sequence.prefix(b);
    } else {
      bad();
    }
  }

  /** From here to its end the sequence has no effect; the tail says no more than that. */
  private void bad() {
    state = State.BAD_SEQUENCE;
    heldCount = 2;
    hold('0');
    hold('?');
  }

  private void badSequence(int b) {
    if (!controlInside(b) && b >= 0x40) {
      ground();
    }
  }

  private void command(int b) {
    switch (b) {
      case BEL -> finishCommand();
      case ESC -> {
        state = State.COMMAND_ESCAPE;
        hold(b);
      }
      case CAN, SUB -> ground();
      default -> {
        if (b >= ' ') {
          holdOfCommand(b);
        }
      }
    }
  }

  private void holdOfCommand(int b) {
    if (heldCount < 2 + MAX_PAYLOAD) {
      hold(b);
    } else {
      // Its number is no number any more: it has no effect, here and in other terminals.
      heldCount = 2;
      hold('x');
    }
  }

  private void finishCommand() {
    int length = heldCount - 2 - (state == State.COMMAND_ESCAPE ? 1 : 0);
    byte[] payload = Arrays.copyOfRange(held, 2, 2 + length);
    ground();
    sink.command(payload, length);
  }

  private void string(int b) {
    if (b == ESC) {
      state = State.STRING_ESCAPE;
      hold(b);
    } else if (b == CAN || b == SUB) {
      ground();
    } else if (b >= ' ' && heldCount < MAX_SEQUENCE) {
      hold(b);
    }
  }

  private void hold(int b) {
    if (heldCount == held.length) {
      held = Arrays.copyOf(held, 2 * heldCount);
    }
    held[heldCount] = (byte) b;
    heldCount++;
  }
}

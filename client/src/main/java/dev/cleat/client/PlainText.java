package dev.cleat.client;

/**
 * Text without escape sequences and control characters other than newline and tab, as the server's
 * encoding PLAIN gives it, for output that is cut at byte offsets here. A carriage return alone,
 * with which programs overwrite a line, starts a new line; with a newline it is nothing. Takes the
 * text in pieces. Confined to one thread.
 */
final class PlainText {
  private enum State {
    TEXT,
    ESCAPE,
    CONTROL_SEQUENCE,
    OSC,
    STRING
  }

  private State state = State.TEXT;
  private boolean carriageReturn;
  private boolean lineEmpty = true;

  /** What is to be seen of the next piece. */
  String strip(String text) {
    StringBuilder seen = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      step(text.charAt(i), seen);
    }
    return seen.toString();
  }

  private void step(char c, StringBuilder seen) {
    if (c == 0x1b) {
      state = State.ESCAPE;
    } else if (c == 0x18 || c == 0x1a) {
      state = State.TEXT;
    } else {
      switch (state) {
        case TEXT -> text(c, seen);
        case ESCAPE, CONTROL_SEQUENCE -> sequence(c, seen);
        case OSC -> state = c == 0x07 ? State.TEXT : State.OSC;
        case STRING -> {
          // only what is above ends it
        }
      }
    }
  }

  private void text(char c, StringBuilder seen) {
    if (c == '\n') {
      seen.append(c);
      lineEmpty = true;
      carriageReturn = false;
    } else if (c == '\r') {
      carriageReturn = true;
    } else if (c == '\t' || (c >= ' ' && c < 0x7f) || c > 0x9f) {
      if (carriageReturn && !lineEmpty) {
        seen.append('\n');
      }
      carriageReturn = false;
      lineEmpty = false;
      seen.append(c);
    }
  }

  private void sequence(char c, StringBuilder seen) {
    if (c >= 0x80) {
      state = State.TEXT;
      text(c, seen);
    } else if (c < ' ') {
      text(c, seen);
    } else if (state == State.CONTROL_SEQUENCE) {
      state = c >= 0x40 && c != 0x7f ? State.TEXT : state;
    } else if (c >= 0x30) {
      state =
          switch (c) {
            case '[' -> State.CONTROL_SEQUENCE;
            case ']' -> State.OSC;
            case 'P', 'X', '^', '_' -> State.STRING;
            default -> State.TEXT;
          };
    }
  }
}

package dev.cleat.server.tool.agent;

/** Takes terminal escape sequences out of text, cut anywhere. */
final class EscapeFilter {
  private enum State {
    TEXT,
    /** Behind ESC, and the intermediate characters that may follow it. */
    ESCAPE,
    /** Within a control sequence: ESC [ … */
    CONTROL,
    /** Within a string: ESC ] … and the like, up to BEL or ESC \. */
    STRING
  }

  private static final char ESC = '\u001b';
  private static final char BEL = '\u0007';

  private State state = State.TEXT;

  String strip(CharSequence text) {
    StringBuilder stripped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ESC) {
        state = State.ESCAPE;
      } else if (c < ' ' && state != State.TEXT) {
        // A line's end or another control character cuts off a sequence: a stray ESC cannot take
        // everything after it away.
        state = State.TEXT;
        if (c != BEL) {
          stripped.append(c);
        }
      } else {
        take(c, stripped);
      }
    }
    return stripped.toString();
  }

  private void take(char c, StringBuilder stripped) {
    switch (state) {
      case TEXT -> stripped.append(c);
      case ESCAPE -> state = afterEscape(c);
      case CONTROL -> {
        if (c >= '@') {
          state = State.TEXT;
        }
      }
      case STRING -> {}
    }
  }

  private static State afterEscape(char c) {
    return switch (c) {
      case '[' -> State.CONTROL;
      case ']', 'P', 'X', '^', '_' -> State.STRING;
      default -> c < '0' ? State.ESCAPE : State.TEXT;
    };
  }
}

package dev.cleat.client;

/**
 * Text without escape sequences and control characters other than newline and tab: what the
 * encoding PLAIN of the server gives, for output that has been cut at byte offsets here. Takes the
 * text in pieces. Confined to one thread.
 */
final class PlainText {
  private enum State {
    GROUND,
    ESCAPE,
    ESCAPE_INTERMEDIATE,
    CONTROL_SEQUENCE,
    STRING,
    STRING_ESCAPE
  }

  private State state = State.GROUND;

  /** What is to be seen of the next piece. */
  String strip(String text) {
    StringBuilder seen = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      state = next(c, seen);
    }
    return seen.toString();
  }

  private State next(char c, StringBuilder seen) {
    return switch (state) {
      case STRING -> inString(c);
      case STRING_ESCAPE -> c == '\\' ? State.GROUND : afterEscape(c);
      default -> {
        if (c == 0x1b) {
          yield State.ESCAPE;
        }
        if (c < 0x20 || c == 0x7f) {
          if (c == '\n' || c == '\t') {
            seen.append(c);
          }
          yield c == 0x18 || c == 0x1a ? State.GROUND : state;
        }
        yield switch (state) {
          case ESCAPE -> afterEscape(c);
          case ESCAPE_INTERMEDIATE -> c < 0x30 ? state : State.GROUND;
          case CONTROL_SEQUENCE -> c < 0x40 || c > 0x7e ? state : State.GROUND;
          default -> ground(c, seen);
        };
      }
    };
  }

  private static State ground(char c, StringBuilder seen) {
    switch (c) {
      case 0x9b -> {
        return State.CONTROL_SEQUENCE;
      }
      case 0x90, 0x98, 0x9d, 0x9e, 0x9f -> {
        return State.STRING;
      }
      default -> {
        if (c < 0x80 || c > 0x9f) {
          seen.append(c);
        }
        return State.GROUND;
      }
    }
  }

  private static State inString(char c) {
    return switch (c) {
      case 0x07, 0x18, 0x1a, 0x9c -> State.GROUND;
      case 0x1b -> State.STRING_ESCAPE;
      default -> State.STRING;
    };
  }

  private static State afterEscape(char c) {
    return switch (c) {
      case '[' -> State.CONTROL_SEQUENCE;
      case ']', 'P', 'X', '^', '_' -> State.STRING;
      case 0x1b -> State.ESCAPE;
      default -> c >= 0x20 && c < 0x30 ? State.ESCAPE_INTERMEDIATE : State.GROUND;
    };
  }
}

package dev.cleat.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A key as terminals send it to programs that asked for more than its byte, by the keyboard
 * protocol of kitty or by modifyOtherKeys of xterm: {@code CSI 92;5u} or {@code CSI 27;5;92~} for
 * Ctrl-\. Immutable.
 */
final class KeySequence {
  /** What such a sequence has no byte for. */
  static final int NO_BYTE = -1;

  private static final int SHIFT = 1;
  private static final int CTRL = 4;
  private static final int CAPS_LOCK = 64;
  private static final int NUM_LOCK = 128;
  private static final int RELEASED = 3;

  /** The numbers of the keys that change what others do, such as Ctrl itself. */
  private static final int FIRST_MODIFIER = 57_441;

  private static final int LAST_MODIFIER = 57_454;

  private final int key;
  private final int shifted;
  private final int modifiers;
  private final int event;
  private final int text;

  private KeySequence(int[][] fields, boolean xterm) {
    if (xterm) {
      key = at(fields, 2, 0, 0);
      shifted = key;
      event = 1;
      text = 0;
    } else {
      key = at(fields, 0, 0, 0);
      shifted = at(fields, 0, 1, 0);
      event = at(fields, 1, 1, 1);
      text = fields.length > 2 && fields[2].length == 1 ? fields[2][0] : 0;
    }
    modifiers = at(fields, 1, 0, 1) - 1;
  }

  /**
   * Whether this byte may be next in such a sequence.
   *
   * @param length how many bytes of it there are, the introducing ESC included
   */
  static boolean mayGoOn(int length, byte b) {
    return length == 1 ? b == '[' : (b >= '0' && b <= ';') || isEnd(b);
  }

  /** Whether this byte ends it. */
  static boolean isEnd(byte b) {
    return b == 'u' || b == '~';
  }

  /** Reads a whole sequence; one that is no key's has no byte. */
  static KeySequence of(byte[] sequence) {
    String inner = new String(sequence, 2, sequence.length - 3, StandardCharsets.ISO_8859_1);
    int[][] fields =
        Arrays.stream(inner.split(";", -1))
            .map(field ->
                Arrays.stream(field.split(":", -1)).mapToInt(KeySequence::number).toArray())
            .toArray(int[][]::new);
    boolean tilde = sequence[sequence.length - 1] == '~';
    boolean xterm = tilde && fields.length == 3 && fields[0][0] == 27;
    return new KeySequence(tilde && !xterm ? new int[0][] : fields, xterm);
  }

  private static int number(String text) {
    return text.matches("\\d{1,7}") ? Integer.parseInt(text) : 0;
  }

  private static int at(int[][] fields, int field, int part, int otherwise) {
    boolean there = fields.length > field && fields[field].length > part;
    return there && fields[field][part] > 0 ? fields[field][part] : otherwise;
  }

  /** Whether nothing was pressed: a key was let go, or is one that changes what others do. */
  boolean isAside() {
    return event == RELEASED || (key >= FIRST_MODIFIER && key <= LAST_MODIFIER);
  }

  /** The byte that the key sends to programs that asked for nothing; {@link #NO_BYTE} for none. */
  int legacyByte() {
    return switch (modifiers & ~(CAPS_LOCK | NUM_LOCK)) {
      case 0 -> character(false);
      case SHIFT -> character(true);
      case CTRL -> control(key);
      case CTRL | SHIFT -> isLetter(key) ? NO_BYTE : shiftedControl();
      default -> NO_BYTE;
    };
  }

  private int character(boolean shift) {
    int character;
    if (text > 0) {
      character = text;
    } else if (isLetter(key)) {
      boolean capital = shift != ((modifiers & CAPS_LOCK) != 0);
      character = capital ? key & ~0x20 : key | 0x20;
    } else {
      character = shift ? shifted : key;
    }
    return character > ' ' && character < 0x7f ? character : NO_BYTE;
  }

  /** What Ctrl makes of a key; also of the digits, which on many keyboards are the way there. */
  private static int control(int key) {
    if (isLetter(key) || (key >= '@' && key <= '_')) {
      return key & 0x1f;
    }
    return switch (key) {
      case ' ', '2' -> 0;
      case '3', '4', '5', '6', '7' -> key - '3' + 0x1b;
      case '/' -> 0x1f;
      default -> NO_BYTE;
    };
  }

  /** Where it is not said what Shift makes of a key, as on the keyboards of most: @ ^ _. */
  private int shiftedControl() {
    return switch (shifted > 0 ? shifted : key) {
      case '2', '@' -> 0;
      case '6', '^' -> 0x1e;
      case '-', '_' -> 0x1f;
      default -> shifted > '@' ? control(shifted) : NO_BYTE;
    };
  }

  private static boolean isLetter(int key) {
    return (key >= 'a' && key <= 'z') || (key >= 'A' && key <= 'Z');
  }
}

package dev.cleat.server.reader;

import dev.cleat.v1.ScreenColor;

/**
 * How a character looks, in one number: both colours and the attributes. 0 is how characters look
 * after a reset.
 */
final class CellStyle {
  static final long PLAIN = 0;

  static final long BOLD = 1L << 52;
  static final long FAINT = 1L << 53;
  static final long ITALIC = 1L << 54;
  static final long BLINK = 1L << 55;
  static final long INVERSE = 1L << 56;
  static final long HIDDEN = 1L << 57;
  static final long STRIKETHROUGH = 1L << 58;
  static final long OVERLINE = 1L << 59;

  /** Three bits: 0 for none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
  private static final int UNDERLINE_AT = 60;

  private static final long UNDERLINE = 7L << UNDERLINE_AT;

  private static final int BACKGROUND_AT = 26;
  private static final long COLOR = (1L << 26) - 1;
  private static final long INDEXED = 1L << 24;
  private static final long RGB = 2L << 24;

  /** What a blank shows of its style. */
  private static final long SEEN_ON_BLANKS =
      COLOR << BACKGROUND_AT | INVERSE | STRIKETHROUGH | OVERLINE | UNDERLINE;

  private CellStyle() {}

  static boolean has(long style, long attribute) {
    return (style & attribute) != 0;
  }

  static boolean isUnderlined(long style) {
    return (style & UNDERLINE) != 0;
  }

  /** What is left where characters of this style are erased: the background. */
  static long erased(long style) {
    return style & (COLOR << BACKGROUND_AT);
  }

  /** Whether a blank of this style looks like one of no style. */
  static boolean isPlainBlank(long style) {
    return (style & SEEN_ON_BLANKS) == 0;
  }

  /** The colour of the characters; the default one for the terminal's own. */
  static ScreenColor foreground(long style) {
    return color(style & COLOR);
  }

  /** The colour behind them. */
  static ScreenColor background(long style) {
    return color(style >>> BACKGROUND_AT & COLOR);
  }

  static boolean hasForeground(long style) {
    return (style & COLOR) != 0;
  }

  static boolean hasBackground(long style) {
    return (style >>> BACKGROUND_AT & COLOR) != 0;
  }

  private static ScreenColor color(long color) {
    ScreenColor.Builder made = ScreenColor.newBuilder();
    int value = (int) (color & 0xFFFFFF);
    if ((color & INDEXED) != 0) {
      made.setIndexed(value);
    } else if ((color & RGB) != 0) {
      made.setRgb(value);
    }
    return made.build();
  }

  /** The style after a "select graphic rendition" (SGR). */
  static long select(long style, ControlSequence sequence) {
    long now = style;
    int at = 0;
    while (at < sequence.count()) {
      int value = sequence.value(at);
      int parts = parts(sequence, at);
      if (value == 38 || value == 48 || value == 58) {
        int used = parts > 0 ? parts : colorLength(sequence, at);
        long color = parts > 0 ? colorOfParts(sequence, at, parts) : color(sequence, at + 1, 2);
        if (color >= 0 && value != 58) {
          now = withColor(now, value == 38 ? 0 : BACKGROUND_AT, color);
        }
        at += 1 + used;
      } else {
        now =
            value == 4 && parts > 0
                ? withUnderline(now, Math.min(5, sequence.value(at + 1)))
                : select(now, value);
        at += 1 + parts;
      }
    }
    return now;
  }

  private static int parts(ControlSequence sequence, int at) {
    int parts = 0;
    while (sequence.isPart(at + 1 + parts)) {
      parts++;
    }
    return parts;
  }

  /** How many parameters follow 38 or 48. */
  private static int colorLength(ControlSequence sequence, int at) {
    return switch (sequence.value(at + 1)) {
      case 2 -> 4;
      case 5 -> 2;
      default -> 1;
    };
  }

  /** {@code 38:2:r:g:b}, {@code 38:2::r:g:b} (with a colour space in between), {@code 38:5:n}. */
  private static long colorOfParts(ControlSequence sequence, int at, int parts) {
    return color(sequence, at + 1, sequence.value(at + 1) == 2 && parts > 4 ? 3 : 2);
  }

  /** The colour whose kind is at an index, or -1 if it is none. */
  private static long color(ControlSequence sequence, int at, int valuesFrom) {
    int from = at - 1 + valuesFrom;
    return switch (sequence.value(at)) {
      case 2 ->
          RGB
              | channel(sequence, from) << 16
              | channel(sequence, from + 1) << 8
              | channel(sequence, from + 2);
      case 5 -> INDEXED | channel(sequence, from);
      default -> -1;
    };
  }

  private static long channel(ControlSequence sequence, int at) {
    return sequence.value(at) & 0xFF;
  }

  private static long withColor(long style, int at, long color) {
    return (style & ~(COLOR << at)) | (color << at);
  }

  private static long withUnderline(long style, int kind) {
    return (style & ~UNDERLINE) | ((long) kind << UNDERLINE_AT);
  }

  private static long select(long style, int value) {
    return switch (value) {
      case 0 -> PLAIN;
      case 1 -> style | BOLD;
      case 2 -> style | FAINT;
      case 3 -> style | ITALIC;
      case 4 -> withUnderline(style, 1);
      case 5, 6 -> style | BLINK;
      case 7 -> style | INVERSE;
      case 8 -> style | HIDDEN;
      case 9 -> style | STRIKETHROUGH;
      case 21 -> withUnderline(style, 2);
      case 22 -> style & ~(BOLD | FAINT);
      case 23 -> style & ~ITALIC;
      case 24 -> withUnderline(style, 0);
      case 25 -> style & ~BLINK;
      case 27 -> style & ~INVERSE;
      case 28 -> style & ~HIDDEN;
      case 29 -> style & ~STRIKETHROUGH;
      case 39 -> withColor(style, 0, 0);
      case 49 -> withColor(style, BACKGROUND_AT, 0);
      case 53 -> style | OVERLINE;
      case 55 -> style & ~OVERLINE;
      case 30, 31, 32, 33, 34, 35, 36, 37 -> withColor(style, 0, INDEXED | (value - 30));
      case 40, 41, 42, 43, 44, 45, 46, 47 ->
          withColor(style, BACKGROUND_AT, INDEXED | (value - 40));
      case 90, 91, 92, 93, 94, 95, 96, 97 -> withColor(style, 0, INDEXED | (value - 82));
      case 100, 101, 102, 103, 104, 105, 106, 107 ->
          withColor(style, BACKGROUND_AT, INDEXED | (value - 92));
      default -> style;
    };
  }

  /** Writes the control sequence that selects this style, whatever was selected before. */
  static void write(long style, StringBuilder to) {
    to.append("\033[0");
    mark(style, BOLD, ";1", to);
    mark(style, FAINT, ";2", to);
    mark(style, ITALIC, ";3", to);
    int underline = (int) ((style & UNDERLINE) >>> UNDERLINE_AT);
    if (underline == 1) {
      to.append(";4");
    } else if (underline > 1) {
      to.append(";4:").append(underline);
    }
    mark(style, BLINK, ";5", to);
    mark(style, INVERSE, ";7", to);
    mark(style, HIDDEN, ";8", to);
    mark(style, STRIKETHROUGH, ";9", to);
    mark(style, OVERLINE, ";53", to);
    writeColor(";38", style & COLOR, to);
    writeColor(";48", style >>> BACKGROUND_AT & COLOR, to);
    to.append('m');
  }

  private static void mark(long style, long attribute, String code, StringBuilder to) {
    if (has(style, attribute)) {
      to.append(code);
    }
  }

  private static void writeColor(String which, long color, StringBuilder to) {
    int value = (int) (color & 0xFFFFFF);
    if ((color & INDEXED) != 0) {
      to.append(which).append(";5;").append(value);
    } else if ((color & RGB) != 0) {
      to.append(which).append(";2;").append(value >> 16);
      to.append(';').append(value >> 8 & 0xFF).append(';').append(value & 0xFF);
    }
  }
}

package dev.cleat.server.reader;

import java.util.BitSet;
import java.util.List;
import org.jline.utils.WCWidth;
import org.jspecify.annotations.Nullable;

/**
 * How styles and characters are written into the cells of a {@link ScreenBuffer}, whose emulator
 * knows 4,096 colours, four attributes and one code point a cell.
 *
 * <p>A style becomes a number, which the emulator takes for two colours. A character becomes a code
 * point that is one column wide: itself, if it is; else a number from the code points for private
 * use. Wide characters take a cell for each half.
 */
final class CellCodes {
  /** A cell that was erased, or never written. */
  static final int ERASED = ' ';

  /** A blank that was written: unlike an erased cell it shows all of its style. */
  static final int BLANK = 0xE000;

  /** The right half of a wide character. */
  static final int RIGHT_HALF = 0xE001;

  private static final int FIRST_GLYPH = 0xF0100;
  private static final int GLYPHS = 0xFE00;
  private static final int STYLES = 1 << 24;
  private static final int REPLACEMENT = 0xFFFD;

  private final CellTable<Long> styles = new CellTable<>(STYLES);
  private final CellTable<String> glyphs = new CellTable<>(GLYPHS);

  CellCodes() {
    clear();
  }

  /** Forgets all numbers but 0, which is that of the plain style. */
  void clear() {
    styles.clear();
    glyphs.clear();
    styles.number(CellStyle.PLAIN);
  }

  /** How many columns a character takes: 0 if it belongs to the one before it, 1 or 2. */
  static int width(int codePoint) {
    return Math.clamp(WCWidth.wcwidth(codePoint), 0, 2);
  }

  int styleNumber(long style) {
    return style == CellStyle.PLAIN ? 0 : styles.number(style);
  }

  long style(long cell) {
    @Nullable Long style = styles.value(numberOfStyle(cell));
    if (style == null) {
      return CellStyle.PLAIN;
    }
    return code(cell) == ERASED ? CellStyle.erased(style) : style;
  }

  /** Both colours of a cell, 12 bits each. */
  private static int numberOfStyle(long cell) {
    return (int) (cell >>> 32) & 0xFFFFFF;
  }

  static int code(long cell) {
    return (int) cell;
  }

  /** The code of a character that is one code point and one column wide. */
  int narrow(int codePoint) {
    boolean asItself = codePoint < 0xE000 || codePoint == REPLACEMENT;
    return asItself ? codePoint : glyph(Character.toString(codePoint));
  }

  /** The code of a character of several code points, or of the left half of a wide one. */
  int glyph(String text) {
    int number = glyphs.number(text);
    return number < 0 ? REPLACEMENT : FIRST_GLYPH + number;
  }

  /** What a cell shows; empty for the right half of a wide character. */
  String text(long cell) {
    int code = code(cell);
    if (code == ERASED || code == BLANK) {
      return " ";
    }
    if (code == RIGHT_HALF) {
      return "";
    }
    if (code >= FIRST_GLYPH) {
      @Nullable String text = glyphs.value(code - FIRST_GLYPH);
      return text == null ? " " : text;
    }
    return Character.toString(code);
  }

  /** Whether there is so much that it should be swept before anything is added. */
  boolean isFull() {
    return styles.isFull() || glyphs.isFull();
  }

  /** Forgets what no cell of these screens shows. */
  void sweep(List<ScreenBuffer> buffers) {
    BitSet usedStyles = new BitSet();
    BitSet usedGlyphs = new BitSet();
    usedStyles.set(0);
    for (ScreenBuffer buffer : buffers) {
      for (long cell : buffer.cells()) {
        usedStyles.set(numberOfStyle(cell));
        if (code(cell) >= FIRST_GLYPH) {
          usedGlyphs.set(code(cell) - FIRST_GLYPH);
        }
      }
    }
    styles.sweep(usedStyles);
    glyphs.sweep(usedGlyphs);
  }
}

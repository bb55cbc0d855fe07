package dev.cleat.e2e.screen;

import java.util.ArrayList;
import java.util.List;

/** Takes text apart into columns. */
final class Characters {
  private Characters() {}

  /**
   * The character of each column, with what combines with it; after a wide one an empty string.
   *
   * @throws AssertionError if the text does not fill the columns
   */
  static List<String> of(String text, int columns) {
    List<String> found = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int codePoint = text.codePointAt(at);
      int end = at + Character.charCount(codePoint);
      while (end < text.length() && width(text.codePointAt(end)) == 0) {
        end += Character.charCount(text.codePointAt(end));
      }
      found.add(text.substring(at, end));
      if (width(codePoint) == 2) {
        found.add("");
      }
      at = end;
    }
    if (found.size() != columns) {
      throw new AssertionError("'%s' is not %d columns wide".formatted(text, columns));
    }
    return found;
  }

  /** Enough for what the recordings show. */
  private static int width(int codePoint) {
    int type = Character.getType(codePoint);
    if (type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT) {
      return 0;
    }
    Character.UnicodeBlock block = Character.UnicodeBlock.of(codePoint);
    boolean wide =
        Character.isIdeographic(codePoint)
            || Character.isEmojiPresentation(codePoint)
            || Character.UnicodeBlock.HANGUL_SYLLABLES.equals(block)
            || Character.UnicodeBlock.HALFWIDTH_AND_FULLWIDTH_FORMS.equals(block)
            || Character.UnicodeBlock.CJK_SYMBOLS_AND_PUNCTUATION.equals(block);
    return wide ? 2 : 1;
  }
}

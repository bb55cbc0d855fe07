package dev.cleat.server.session;

import com.google.re2j.Matcher;
import dev.cleat.server.tool.Paste;
import dev.cleat.server.tool.TerminalForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A prompt as it is typed, piece by piece, and as it should then stand on the screen. Tools wrap
 * lines and change blanks, so blanks are not compared; nor is what frames and marks text.
 */
final class TypedText {
  /** Longer prompts of a tool that collapses long pastes are pasted in one piece. */
  private static final int COLLAPSED_FOR_SURE = 2_000;

  /** What any tool takes with one read of its terminal. */
  private static final int TYPED_PIECE = 200;

  /** Counts lines, for a tool that collapses pastes of many. */
  private static final String LINES = "lines";

  /** What a tool shows around its input line. */
  private static final int ROWS_AROUND = 12;

  private final TerminalForm form;
  private final List<String> pieces;

  TypedText(TerminalForm form, String prompt, Look look) {
    this.form = form;
    this.pieces = pieces(prompt.stripTrailing(), look);
  }

  int pieces() {
    return pieces.size();
  }

  /** What is sent for a piece. */
  String keys(int index) {
    final String piece = pieces.get(index);
    return form.paste() == Paste.BRACKETED
        ? "\u001b[200~" + piece + "\u001b[201~"
        : piece.replace("\n", form.newline().orElse("\n"));
  }

  private List<String> pieces(String prompt, Look look) {
    if (form.paste() == Paste.TYPED) {
      return cut(prompt, TYPED_PIECE);
    }
    final int columns = Math.max(look.columns() - 6, 10);
    final int rows = Math.max(look.rows() - ROWS_AROUND, 2);
    final boolean collapses =
        form.collapsed()
            .filter(pattern ->
                prompt.length() > COLLAPSED_FOR_SURE || pattern.namedGroups().containsKey(LINES))
            .isPresent();
    return collapses || rows(prompt, columns) <= rows
        ? List.of(prompt)
        : cutToRows(prompt, columns, Math.max(rows / 2, 1));
  }

  private static int rows(String text, int columns) {
    return text.lines().mapToInt(line -> 1 + width(line) / columns).sum();
  }

  /** At most: most characters take one column. */
  private static int width(String line) {
    return line.chars().map(c -> c == '\t' ? 8 : c < 0x1100 ? 1 : 2).sum();
  }

  private static List<String> cutToRows(String text, int columns, int rows) {
    final List<String> pieces = new ArrayList<>();
    final StringBuilder piece = new StringBuilder();
    int room = columns * rows;
    for (int i = 0; i < text.length(); ) {
      final int c = text.codePointAt(i);
      // A new line takes the rest of its row with it.
      room -= c == '\n' ? columns : c == '\t' ? 8 : c < 0x1100 ? 1 : 2;
      piece.appendCodePoint(c);
      i += Character.charCount(c);
      if (room <= 0) {
        pieces.add(piece.toString());
        piece.setLength(0);
        room = columns * rows;
      }
    }
    if (!piece.isEmpty()) {
      pieces.add(piece.toString());
    }
    return pieces;
  }

  private static List<String> cut(String text, int length) {
    final List<String> pieces = new ArrayList<>();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(from + length, text.length());
      if (to < text.length() && Character.isLowSurrogate(text.charAt(to))) {
        to--;
      }
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }

  /** Whether all of it, and nothing else, stands in the input line. */
  boolean isShownBy(Sight sight) {
    return shows(pieces.size(), sight);
  }

  /**
   * Whether what stands in the input line has to do with it: is a part of it, or it is a part of
   * that. Anything else there may be no input line at all.
   */
  boolean isLike(Sight sight) {
    final String seen = bare(shown(sight));
    final String all = bare(String.join("", pieces));
    final boolean hidden =
        form.collapsed().map(pattern -> pattern.matcher(shown(sight)).find()).orElse(false);
    return hidden || (!seen.isEmpty() && (all.contains(seen) || seen.contains(all)));
  }

  private static String shown(Sight sight) {
    return sight.input().map(Sight.Input::text).orElse("");
  }

  /** Whether the first so many pieces, and nothing else, stand in the input line. */
  boolean shows(int count, Sight sight) {
    final String typed = String.join("", pieces.subList(0, count));
    final boolean whole = sight.input().isPresent() && shows(typed, sight.input().get().text());
    return whole || (count >= 2 && showsEnd(typed, bare(pieces.get(count - 1)).length(), sight));
  }

  /**
   * Whether the input line has grown over its top, or that of the screen. Each piece was seen when
   * it was typed; what is left to see must be the end of them all, from before the newest.
   */
  private boolean showsEnd(String typed, int newest, Sight sight) {
    final String expected = bare(typed);
    final int least = Math.min(expected.length(), newest + 1);
    if (sight.input().isPresent()) {
      final String seen = bare(shown(sight));
      return seen.length() >= least && expected.endsWith(seen);
    }
    final String screen =
        bare(String.join("", sight.look().lines().subList(0, sight.look().cursorRow() + 1)));
    return commonEnd(screen, expected) >= least;
  }

  private boolean shows(String typed, String seen) {
    if (form.collapsed().isEmpty()) {
      return bare(seen).equals(bare(typed));
    }
    final Matcher collapsed = form.collapsed().get().matcher(seen.replace("\n", ""));
    final String line = seen.replace("\n", "");
    final String expected = bare(typed);
    int at = 0;
    int from = 0;
    int found = 0;
    while (collapsed.find()) {
      final String between = bare(line.substring(from, collapsed.start()));
      if (!(found == 0 ? expected.startsWith(between) : expected.indexOf(between, at) >= 0)) {
        return false;
      }
      at = (found == 0 ? 0 : expected.indexOf(between, at)) + between.length();
      from = collapsed.end();
      found++;
      if (pieces.size() == 1
          && bare(line.substring(0, collapsed.start())).isEmpty()
          && bare(line.substring(from)).isEmpty()
          && !counts(collapsed, typed)) {
        return false;
      }
    }
    final String rest = bare(line.substring(from));
    return found == 0
        ? rest.equals(expected)
        : at + rest.length() <= expected.length() && expected.endsWith(rest);
  }

  /** Whether what a tool says of a paste that it does not show fits. */
  private boolean counts(Matcher collapsed, String pasted) {
    final Map<String, Integer> groups = collapsed.pattern().namedGroups();
    return isCount(collapsed, groups, LINES, pasted.chars().filter(c -> c == '\n').count())
        && isCount(collapsed, groups, "characters", pasted.codePointCount(0, pasted.length()));
  }

  private static boolean isCount(
      Matcher matcher, Map<String, Integer> groups, String name, long expected) {
    final Integer index = groups.get(name);
    final String count = index == null ? null : matcher.group(index);
    return count == null || count.equals(Long.toString(expected));
  }

  private static int commonEnd(String a, String b) {
    int length = 0;
    while (length < Math.min(a.length(), b.length())
        && a.charAt(a.length() - 1 - length) == b.charAt(b.length() - 1 - length)) {
      length++;
    }
    return length;
  }

  /** A text without blanks, frames, arrows that say that there is more, and what takes no room. */
  private static String bare(String text) {
    final StringBuilder bare = new StringBuilder(text.length());
    text.codePoints().filter(TypedText::isSeen).forEach(bare::appendCodePoint);
    return bare.toString();
  }

  private static boolean isSeen(int c) {
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.CONTROL,
          Character.FORMAT,
          Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK ->
          false;
      default -> (c < 0x2500 || c > 0x257F) && (c < 0x2190 || c > 0x21FF);
    };
  }
}

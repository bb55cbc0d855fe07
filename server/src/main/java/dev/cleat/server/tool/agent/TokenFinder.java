package dev.cleat.server.tool.agent;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.function.Consumer;

/**
 * Finds the first match of a pattern in text that comes in pieces. It looks at the end of each
 * piece in which a line ends, and no later than after 2 Ki characters, at the last 4 Ki characters
 * and no more; its patterns take linear time.
 */
final class TokenFinder {
  private static final int WINDOW = 4096;

  private final Pattern pattern;
  private final Consumer<String> found;
  // The window, with one character before it once there is one: "^" is not true in mid-text.
  private final StringBuilder window = new StringBuilder();
  private boolean trimmed;
  private int unsearched;
  private boolean done;

  TokenFinder(Pattern pattern, Consumer<String> found) {
    this.pattern = pattern;
    this.found = found;
  }

  void feed(String text) {
    // Not at each line's end: lines may be as short as they like.
    boolean lineEnds = false;
    for (int i = 0; i < text.length() && !done; i++) {
      char c = text.charAt(i);
      window.append(c);
      lineEnds |= c == '\n';
      unsearched++;
      if (unsearched == WINDOW / 2) {
        search(false);
        lineEnds = false;
      }
    }
    if (lineEnds && !done) {
      search(false);
    }
  }

  /** There is no more text: a match that more text could have made longer is one too. */
  void finish() {
    if (!done) {
      search(true);
      done = true;
    }
  }

  private void search(boolean last) {
    unsearched = 0;
    Matcher matcher = pattern.matcher(window);
    if (matcher.find(trimmed ? 1 : 0) && (last || matcher.end() < window.length())) {
      done = true;
      String token = matcher.groupCount() == 0 ? matcher.group() : matcher.group(1);
      found.accept(token == null ? "" : token);
    }
    if (window.length() > WINDOW + 1) {
      window.delete(0, window.length() - WINDOW - 1);
      trimmed = true;
    }
  }
}

package dev.cleat.server.reader;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;

/**
 * Counts the tokens of a text that comes in pieces, as the tokenizer o200k_base cuts it. No model
 * but OpenAI's uses exactly this one; for others the count is near.
 *
 * <p>Counts when it is asked, or when {@link #MOST_HELD} has come: most of what is fed to it is
 * never asked for. Not safe for use by several threads.
 */
public final class TokenCounter {
  /**
   * What is held before it is counted, in characters. It is cut behind a line where there is one:
   * tokens hardly ever span lines.
   */
  static final int MOST_HELD = 64 << 10;

  private final StringBuilder held = new StringBuilder();
  private long tokens;

  /** Reads the tables when the first text is counted: some 10 MB that most servers never need. */
  private static final class Tokenizer {
    static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
  }

  /** The tokens of a whole text. */
  public static long count(String text) {
    TokenCounter counter = new TokenCounter();
    counter.add(text);
    return counter.tokens();
  }

  /** More of the text. */
  public void add(String text) {
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + MOST_HELD - held.length());
      held.append(text, from, to);
      from = to;
      if (held.length() >= MOST_HELD) {
        int line = held.lastIndexOf("\n") + 1;
        count(line > 0 ? line : held.length());
      }
    }
  }

  private void count(int characters) {
    tokens += Tokenizer.ENCODING.countTokensOrdinary(held.substring(0, characters));
    held.delete(0, characters);
  }

  /** The tokens of all that was added. */
  public long tokens() {
    if (!held.isEmpty()) {
      count(held.length());
    }
    return tokens;
  }
}

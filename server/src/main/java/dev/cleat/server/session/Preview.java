package dev.cleat.server.session;

import dev.cleat.server.reader.PlainText;
import org.jspecify.annotations.Nullable;

/** The first characters of a turn's output as plain text. Looks at no byte once it has them. */
final class Preview {
  static final int LENGTH = 200;

  /** More than this is not looked at: output that is all escape sequences has no preview. */
  private static final int BYTES = 64 << 10;

  private final StringBuilder text = new StringBuilder();
  private @Nullable PlainText plain = new PlainText();
  private int seen;

  void feed(byte[] bytes, int from, int count) {
    final PlainText parser = plain;
    if (parser == null) {
      return;
    }
    text.append(parser.feed(bytes, from, count));
    seen += count;
    if (text.codePointCount(0, text.length()) >= LENGTH || seen > BYTES) {
      text.setLength(
          text.offsetByCodePoints(0, Math.min(LENGTH, text.codePointCount(0, text.length()))));
      plain = null;
    }
  }

  String text() {
    final int length = text.codePointCount(0, text.length());
    return text.substring(0, text.offsetByCodePoints(0, Math.min(LENGTH, length)));
  }
}

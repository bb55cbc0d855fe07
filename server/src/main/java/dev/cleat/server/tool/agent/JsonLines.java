package dev.cleat.server.tool.agent;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Cuts bytes that come in any pieces into lines. Not safe for use by several threads. */
final class JsonLines {
  private static final int KEPT_BUFFER = 1 << 20;

  private final int longest;
  private final Consumer<String> line;
  private final Runnable tooLong;
  private ByteArrayOutputStream begun = new ByteArrayOutputStream();
  private boolean stopped;

  /**
   * @param longest the most bytes that a line may have
   * @param line takes each line that is not blank, without its end; what is not UTF-8 in it is
   *     replaced
   * @param tooLong told once when a line is longer; no line is told after that
   */
  JsonLines(int longest, Consumer<String> line, Runnable tooLong) {
    this.longest = longest;
    this.line = line;
    this.tooLong = tooLong;
  }

  void feed(byte[] bytes, int from, int count) {
    int end = from + count;
    int start = from;
    for (int i = from; i < end && !stopped; i++) {
      if (bytes[i] == '\n') {
        take(bytes, start, i);
        start = i + 1;
      }
    }
    if (!stopped && start < end && fits(end - start)) {
      begun.write(bytes, start, end - start);
    }
  }

  private void take(byte[] bytes, int start, int end) {
    if (!fits(end - start)) {
      return;
    }
    byte[] whole;
    if (begun.size() == 0) {
      whole = Arrays.copyOfRange(bytes, start, end);
    } else {
      begun.write(bytes, start, end - start);
      whole = begun.toByteArray();
      // One huge line must not keep its memory for the rest of the session.
      if (whole.length > KEPT_BUFFER) {
        begun = new ByteArrayOutputStream();
      } else {
        begun.reset();
      }
    }
    String text = new String(whole, StandardCharsets.UTF_8);
    if (!text.isBlank()) {
      line.accept(text);
    }
  }

  private boolean fits(int more) {
    // Written so that it cannot overflow.
    if (more <= longest - begun.size()) {
      return true;
    }
    stopped = true;
    begun = new ByteArrayOutputStream();
    tooLong.run();
    return false;
  }
}

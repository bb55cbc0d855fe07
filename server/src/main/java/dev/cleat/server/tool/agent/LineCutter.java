package dev.cleat.server.tool.agent;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Cuts bytes into lines. A line that is too long is left out. */
final class LineCutter {
  private final int maxBytes;
  private final Consumer<String> line;
  private final Runnable tooLong;
  private ByteArrayOutputStream begun = new ByteArrayOutputStream();
  private boolean skipping;

  /**
   * @param line takes each line, without its end
   * @param tooLong called once for each line that is left out
   */
  LineCutter(int maxBytes, Consumer<String> line, Runnable tooLong) {
    this.maxBytes = maxBytes;
    this.line = line;
    this.tooLong = tooLong;
  }

  void feed(byte[] bytes, int from, int count) {
    int start = from;
    for (int i = from; i < from + count; i++) {
      if (bytes[i] == '\n') {
        add(bytes, start, i - start);
        end();
        start = i + 1;
      }
    }
    add(bytes, start, from + count - start);
  }

  /** What there is without an end of line is a line too. */
  void finish() {
    if (begun.size() > 0 || skipping) {
      end();
    }
  }

  private void add(byte[] bytes, int from, int count) {
    if (skipping) {
      return;
    }
    if (count > maxBytes - begun.size()) {
      skipping = true;
      begun = new ByteArrayOutputStream();
      tooLong.run();
    } else {
      begun.write(bytes, from, count);
    }
  }

  private void end() {
    if (skipping) {
      skipping = false;
      return;
    }
    String text = begun.toString(StandardCharsets.UTF_8);
    // A long line's buffer is not kept for the short ones that follow.
    begun = new ByteArrayOutputStream();
    line.accept(text);
  }
}

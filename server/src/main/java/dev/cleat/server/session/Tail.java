package dev.cleat.server.session;

import dev.cleat.server.reader.PlainText;
import java.nio.ByteBuffer;

/** The last 4 KiB of what was printed. For one thread at a time. */
final class Tail {
  private static final int BYTES = 4 << 10;

  private final byte[] ring = new byte[BYTES];
  private long written;

  void add(ByteBuffer data) {
    if (data.remaining() > BYTES) {
      data.position(data.limit() - BYTES);
    }
    while (data.hasRemaining()) {
      ring[(int) (written++ % BYTES)] = data.get();
    }
  }

  /** As plain text. */
  String text() {
    final int length = (int) Math.min(written, BYTES);
    final byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = ring[(int) ((written - length + i) % BYTES)];
    }
    return new PlainText().feed(bytes, 0, length);
  }
}

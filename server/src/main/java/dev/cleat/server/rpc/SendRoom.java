package dev.cleat.server.rpc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that streams may fill with what their clients have not read, shared out: a new stream
 * gets a part of what is left, so that a few go at full speed and many still fit. Thread-safe.
 */
final class SendRoom {
  /** Two batches: one is on its way while the pump reads the next. */
  private static final int MOST = 512 << 10;

  /** Each message waits until the one before is sent: slow, but it goes on. */
  static final int LEAST = 1;

  private static final int PARTS = 32;

  private final AtomicLong left;

  SendRoom(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** The share of a new stream, which gives it back. */
  int take() {
    while (true) {
      final long there = left.get();
      final int share = Math.clamp(there / PARTS, LEAST, MOST);
      if (left.compareAndSet(there, there - share)) {
        return share;
      }
    }
  }

  void giveBack(int share) {
    left.addAndGet(share);
  }
}

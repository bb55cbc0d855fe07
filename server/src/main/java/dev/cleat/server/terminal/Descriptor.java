package dev.cleat.server.terminal;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;

/**
 * A file descriptor that is closed once nobody uses it any more. The kernel gives the number of a
 * closed descriptor to the next that is opened: a call that came a moment too late would read
 * another terminal's bytes. Thread-safe.
 */
final class Descriptor {
  private final int fd;
  private final AtomicInteger users = new AtomicInteger(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  Descriptor(int fd) {
    this.fd = fd;
  }

  /** The number, for the thread that closes it. Everyone else goes through {@link #use}. */
  int fd() {
    return fd;
  }

  /** Makes a call with the descriptor, which stays open until the call has returned. */
  int use(IntUnaryOperator call, int ifClosed) {
    if (!acquire()) {
      return ifClosed;
    }
    try {
      return call.applyAsInt(fd);
    } finally {
      release();
    }
  }

  private boolean acquire() {
    while (!closed.get()) {
      final int now = users.get();
      if (now == 0) {
        return false;
      }
      if (users.compareAndSet(now, now + 1)) {
        return true;
      }
    }
    return false;
  }

  private void release() {
    if (users.decrementAndGet() == 0) {
      Libc.close(fd);
    }
  }

  /** Closes it, as soon as the last call has returned. Idempotent. */
  void close() {
    if (closed.compareAndSet(false, true)) {
      release();
    }
  }
}

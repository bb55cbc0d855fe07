package dev.cleat.server.session;

import java.util.concurrent.locks.LockSupport;

/**
 * Lets other threads have the processor now and then, in the middle of work that waits for nothing:
 * a virtual thread keeps the processor that it is on until it waits.
 *
 * <p>For one thread at a time.
 */
final class Breather {
  private static final long LONGEST_NANOS = 2_000_000;

  private long since = System.nanoTime();

  /** The thread has just waited for something. */
  void rested() {
    since = System.nanoTime();
  }

  /** A step of the work is done, which took some microseconds. */
  void step() {
    if (System.nanoTime() - since > LONGEST_NANOS) {
      // Not yield: with that, two of them would keep a carrier between them.
      LockSupport.parkNanos(1);
      rested();
    }
  }
}

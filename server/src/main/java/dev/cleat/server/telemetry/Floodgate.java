package dev.cleat.server.telemetry;

import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Lets so many a second through, and has it said how many it did not let through. Thread-safe; who
 * comes waits for no more than counting.
 */
final class Floodgate {
  private static final long SECOND = 1_000_000_000;

  private final int most;
  private final LongSupplier nanoTime;
  private final Executor inASecond;
  private final LongConsumer leftOut;
  private final Object saying = new Object();
  // Guarded by this.
  private long since;
  private int passed;
  private long left;

  /**
   * An open one.
   *
   * @param inASecond runs what it is given a second later
   * @param leftOut is told how many were not let through since it was told last
   */
  Floodgate(int most, LongSupplier nanoTime, Executor inASecond, LongConsumer leftOut) {
    this.most = most;
    this.nanoTime = nanoTime;
    this.inASecond = inASecond;
    this.leftOut = leftOut;
    this.since = nanoTime.getAsLong();
  }

  /** Whether one more is let through. */
  boolean passes() {
    synchronized (this) {
      final long now = nanoTime.getAsLong();
      if (now - since >= SECOND) {
        since = now;
        passed = 0;
      }
      if (passed < most) {
        passed++;
        return true;
      }
      left++;
      if (left > 1) {
        return false; // It is about to be said.
      }
    }
    inASecond.execute(this::say);
    return false;
  }

  /** Says now how many were left out, if any were; all of them have been said when it returns. */
  void say() {
    synchronized (saying) {
      final long many;
      synchronized (this) {
        many = left;
        left = 0;
      }
      if (many > 0) {
        leftOut.accept(many);
      }
    }
  }
}

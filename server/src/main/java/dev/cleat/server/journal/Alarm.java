package dev.cleat.server.journal;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A park with a time limit, for a thread that is nearly always woken before its time. A timed park
 * of a virtual thread wakes the scheduler's clock twice, to set it and to stop it, which for a
 * reader at the head would be most of what an event costs. This one leaves a clock that was set
 * before running: it rings early then, once, which callers must bear.
 *
 * <p>For one thread at a time.
 */
public final class Alarm implements AutoCloseable {
  private @Nullable Future<?> set;
  private @Nullable Thread sleeper;
  private long at;

  /**
   * Parks until unparked, or until so many nanoseconds have passed, or, as any park, for no reason.
   */
  public void park(long nanos) {
    if (nanos <= 0) {
      return;
    }
    final Thread me = Thread.currentThread();
    final long now = System.nanoTime();
    final long until = now + nanos;
    if (set == null || !me.equals(sleeper) || now - at >= 0 || until - at < 0) {
      close();
      set =
          ForkJoinPool.commonPool()
              .schedule(() -> LockSupport.unpark(me), nanos, TimeUnit.NANOSECONDS);
      sleeper = me;
      at = until;
    }
    LockSupport.park(this);
  }

  /** Stops the clock. */
  @Override
  public void close() {
    final Future<?> running = set;
    set = null;
    if (running != null) {
      running.cancel(false);
    }
  }
}

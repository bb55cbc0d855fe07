package dev.cleat.e2e;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.awaitility.pollinterval.IterativePollInterval;
import org.awaitility.pollinterval.PollInterval;

/** Waiting: long enough for a machine that has much else to do, and no longer than needed. */
public final class Await {
  static final Duration PATIENCE = Duration.ofMinutes(Scale.of(2, 60));

  private static final Duration RAREST = Duration.ofMillis(100);

  /**
   * Often at first, as most of it has happened soon; more rarely the longer it takes, since what is
   * waited for needs the processor more than those who look.
   */
  private static final PollInterval LOOKS =
      IterativePollInterval.iterative(
          last -> last.compareTo(RAREST) < 0 ? last.multipliedBy(5).dividedBy(4) : RAREST,
          Duration.ofMillis(10));

  private Await() {}

  /** Waits until it is so. */
  public static void until(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(PATIENCE).pollInterval(LOOKS).pollInSameThread().until(condition);
  }

  /** Waits until nothing of it fails. */
  static void untilAsserted(ThrowingRunnable assertions) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(LOOKS)
        .pollInSameThread()
        .untilAsserted(assertions);
  }

  /** What the future comes to. */
  static <T> T result(Future<T> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}

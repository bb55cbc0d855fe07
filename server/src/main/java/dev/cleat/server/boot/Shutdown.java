package dev.cleat.server.boot;

import dev.cleat.server.rpc.Draining;
import dev.cleat.server.session.Sessions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long each step of shutting down may take, until somebody is in a hurry. Thread-safe; the
 * steps are for one thread, one after the other.
 */
final class Shutdown {
  private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);
  private static final Duration LOOK = Duration.ofMillis(50);

  /** Enough for a process that ends when it is told to. */
  private static final Duration HURRIED_STOP = Duration.ofMillis(500);

  private final Config.Shutdown times;
  private final Duration stopGrace;
  private final CountDownLatch hurried = new CountDownLatch(1);

  Shutdown(Config.Shutdown times, Duration stopGrace) {
    this.times = times;
    this.stopGrace = stopGrace;
  }

  /** Nothing is waited for from here on. */
  void hurry() {
    hurried.countDown();
  }

  /** Waits until no turn runs or waits, or is about to. */
  void awaitTurns(Sessions sessions, Draining draining) {
    if (times.turns().isZero() || hasNoTurns(sessions, draining)) {
      return;
    }
    // None yet where a prompt has just been let in.
    LOG.info(
        "Turns get up to {} s to end, now of {} sessions; another signal ends them at once",
        times.turns().toMillis() / 1000.0,
        sessions.withTurns());
    if (!await(times.turns(), () -> hasNoTurns(sessions, draining))) {
      LOG.info("Turns of {} sessions are ended now", sessions.withTurns());
    }
  }

  private static boolean hasNoTurns(Sessions sessions, Draining draining) {
    return !draining.isBeginning() && sessions.withTurns() == 0;
  }

  /** Waits until no call is under way, and cuts those that are when it has waited enough. */
  void awaitCalls(Endpoint endpoint) {
    if (!await(times.grace(), endpoint::isDrained)) {
      endpoint.abort();
    }
  }

  /** How long processes may take to end. */
  Duration stopGrace() {
    return hurried.getCount() == 0 && stopGrace.compareTo(HURRIED_STOP) > 0
        ? HURRIED_STOP
        : stopGrace;
  }

  /** Whether it is so before the time is over or somebody is in a hurry. */
  private boolean await(Duration limit, BooleanSupplier done) {
    final long end = System.nanoTime() + limit.toNanos();
    try {
      while (!done.getAsBoolean()) {
        if (System.nanoTime() - end >= 0 || hurried.await(LOOK.toNanos(), TimeUnit.NANOSECONDS)) {
          return done.getAsBoolean();
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return done.getAsBoolean();
    }
  }
}

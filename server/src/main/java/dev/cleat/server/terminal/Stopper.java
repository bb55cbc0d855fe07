package dev.cleat.server.terminal;

import dev.cleat.server.telemetry.LogFields;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends all processes of a session: SIGHUP, SIGTERM, SIGKILL, with time between. It works on a
 * virtual thread of its own, because the terminal's thread may be held back by its listener.
 * Thread-safe.
 */
final class Stopper {
  private static final Logger LOG = LoggerFactory.getLogger(Stopper.class);
  private static final long FIRST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
  private static final long SELDOMEST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(10);
  // Half of nanoTime's range may be compared.
  private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

  private final SessionProcesses processes;
  private final Runnable whenDone;
  private final Semaphore reasonsToLook = new Semaphore(0);
  // Guarded by this. Times are of System.nanoTime.
  private boolean started;
  private boolean done;
  private long termAt;
  private long killAt;

  /**
   * Prepares to stop a session.
   *
   * @param whenDone is run once all have ended; the leader has still to be reaped. It must not wait
   *     for anyone.
   */
  Stopper(SessionProcesses processes, Runnable whenDone) {
    this.processes = processes;
    this.whenDone = whenDone;
  }

  /** Begins, or makes haste if it has begun with more patience. */
  synchronized void stop(Duration grace) {
    final long now = System.nanoTime();
    final long patience = Math.clamp(TimeUnit.NANOSECONDS.convert(grace), 0, LONGEST_NANOS);
    if (!started || now + patience - killAt < 0) {
      termAt = now + patience / 2;
      killAt = now + patience;
    }
    if (started) {
      look();
    } else {
      started = true;
      Thread.ofVirtual().name("stop-" + processes.leader()).start(LogFields.carried(this::run));
    }
  }

  /** Something has ended, or is to end sooner: there is reason to look now. */
  void look() {
    reasonsToLook.release();
  }

  /** Whether it was begun and has not come to its end. */
  synchronized boolean busy() {
    return started && !done;
  }

  private enum Step {
    NONE,
    HANG_UP,
    TERMINATE,
    KILL
  }

  private void run() {
    try {
      stepByStep();
    } finally {
      // Together, so that who sees that it is done need not expect anything of it any more.
      synchronized (this) {
        done = true;
        whenDone.run();
      }
    }
  }

  private void stepByStep() {
    long moment = FIRST_LOOK_NANOS;
    Step taken = Step.NONE;
    while (true) {
      final Step due = due();
      if (due != taken || due == Step.KILL) {
        take(due);
        taken = due;
      }
      if (finished()) {
        return;
      }
      await(Math.min(moment, untilNext()));
      moment = Math.min(moment * 2, SELDOMEST_LOOK_NANOS);
    }
  }

  private synchronized Step due() {
    final long now = System.nanoTime();
    if (now - killAt >= 0) {
      return Step.KILL;
    }
    return now - termAt >= 0 ? Step.TERMINATE : Step.HANG_UP;
  }

  private synchronized long untilNext() {
    final long now = System.nanoTime();
    return switch (due()) {
      case NONE, KILL -> SELDOMEST_LOOK_NANOS;
      case HANG_UP -> termAt - now;
      case TERMINATE -> killAt - now;
    };
  }

  private synchronized boolean overdue() {
    return System.nanoTime() - killAt > GIVE_UP_NANOS;
  }

  private void take(Step step) {
    switch (step) {
      case NONE -> {}
      case HANG_UP -> {
        processes.signalAll(Signal.HUP);
        processes.signalAll(Signal.CONT);
      }
      case TERMINATE -> {
        processes.signalAll(Signal.TERM);
        processes.signalAll(Signal.CONT);
      }
      case KILL -> processes.signalAll(Signal.KILL);
    }
  }

  private boolean finished() {
    if (overdue()) {
      LOG.warn("Processes of session {} outlive SIGKILL", processes.leader());
      return true;
    }
    return processes.gone();
  }

  private void await(long nanos) {
    try {
      if (reasonsToLook.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        reasonsToLook.drainPermits();
      }
    } catch (InterruptedException e) {
      // Nobody has this thread's handle to interrupt it; the worst would be a look too early.
      LOG.debug("Interrupted while stopping session {}", processes.leader(), e);
    }
  }
}

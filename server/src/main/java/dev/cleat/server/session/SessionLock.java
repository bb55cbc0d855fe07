package dev.cleat.server.session;

import dev.cleat.v1.ErrorReason;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock that owns everything of a session that changes. It is held over an append to the
 * journal, and over no other wait than that for a start or a halt of processes, which may be for a
 * file system that does not answer: {@link #slowly}. Whoever works for all sessions waits for one
 * that is started as long as that takes where nothing is wrong, and then passes it by: {@link
 * #unlessSlow}. Thread-safe.
 */
final class SessionLock {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLock.class);
  private static final long RETRY_MILLIS = 200;

  /** How often it is looked whether a lock that is waited for has become slow to get. */
  private static final long LOOK_MILLIS = 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final String sessionId;
  private final Runnable onHeldBack;
  private final long quickNanos;
  private volatile boolean abandoned;

  /** What a start or a halt takes at most where nothing is wrong. */
  private static final Duration QUICK = Duration.ofSeconds(1);

  // Written with the lock held, the time first.
  private volatile long startedNanos;
  private volatile boolean starting;

  /**
   * A lock that nobody holds.
   *
   * @param onHeldBack runs when there is no room on the disk for a step
   */
  SessionLock(String sessionId, Runnable onHeldBack) {
    this(sessionId, onHeldBack, QUICK);
  }

  /**
   * Likewise.
   *
   * @param quick what a start or a halt takes at most where nothing is wrong
   */
  SessionLock(String sessionId, Runnable onHeldBack, Duration quick) {
    this.sessionId = sessionId;
    this.onHeldBack = onHeldBack;
    this.quickNanos = quick.toNanos();
  }

  <T> T locked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }

  void locked(Runnable step) {
    lock.lock();
    try {
      step.run();
    } finally {
      lock.unlock();
    }
  }

  /** Runs the part of a step that may take long, with the lock held. */
  <T> T slowly(Supplier<T> part) {
    final boolean outer = starting;
    if (!outer) {
      startedNanos = System.nanoTime();
      starting = true;
    }
    try {
      return part.get();
    } finally {
      starting = outer;
    }
  }

  void slowly(Runnable part) {
    final boolean _ =
        slowly(() -> {
          part.run();
          return true;
        });
  }

  /** Whether it is held for a start or a halt that takes longer than they do. */
  private boolean isSlow() {
    return starting && System.nanoTime() - startedNanos > quickNanos;
  }

  /**
   * Runs a step, unless it would have to wait for a start or a halt that takes longer than they do:
   * empty then.
   */
  <T> Optional<T> unlessSlow(Supplier<T> step) {
    try {
      while (!isSlow()) {
        if (lock.tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          try {
            return Optional.of(step.get());
          } finally {
            lock.unlock();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  /** Runs a step, unless the lock is not to be had in this time: empty then. */
  <T> Optional<T> within(Duration patience, Supplier<T> step) {
    try {
      if (lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        try {
          return Optional.of(step.get());
        } finally {
          lock.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  /** Runs a step with the lock held, if it is free; false if it is not. Never waits. */
  boolean tryLocked(Runnable step) {
    if (!lock.tryLock()) {
      return false;
    }
    try {
      step.run();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs a step with the lock held, again and again while there is no room on the disk.
   *
   * @return false when that was given up, and the step has not been done
   */
  boolean untilWritten(Runnable step) {
    for (int attempt = 0; ; attempt++) {
      lock.lock();
      try {
        if (!abandoned) {
          step.run();
        }
        return !abandoned;
      } catch (Refusal e) {
        if (e.reason() == ErrorReason.ERROR_REASON_SESSION_NOT_FOUND) {
          // Its journal is gone, and will not come back.
          return false;
        }
        if (attempt == 0) {
          onHeldBack.run();
          LOG.warn("Session {} is held back: {}", sessionId, e.getMessage());
        }
      } finally {
        lock.unlock();
      }
      try {
        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** What could not be written is not tried again. */
  void abandon() {
    abandoned = true;
  }
}

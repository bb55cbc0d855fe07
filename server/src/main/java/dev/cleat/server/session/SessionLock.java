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
 * file system that does not answer: {@link #slowly}. Whoever works for all sessions passes by those
 * that are slow. Thread-safe.
 */
final class SessionLock {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLock.class);
  private static final long RETRY_MILLIS = 200;

  /** How often it is looked whether a lock that is waited for has become slow to get. */
  private static final long LOOK_MILLIS = 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final String sessionId;
  private final Runnable onHeldBack;
  private volatile boolean abandoned;

  /** Whether who holds the lock may hold it for long. Written with the lock held. */
  private volatile boolean slow;

  /**
   * A lock that nobody holds.
   *
   * @param onHeldBack runs when there is no room on the disk for a step
   */
  SessionLock(String sessionId, Runnable onHeldBack) {
    this.sessionId = sessionId;
    this.onHeldBack = onHeldBack;
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
    final boolean before = slow;
    slow = true;
    try {
      return part.get();
    } finally {
      slow = before;
    }
  }

  void slowly(Runnable part) {
    final boolean _ =
        slowly(() -> {
          part.run();
          return true;
        });
  }

  /** Whether the lock may be held for long. */
  boolean isSlow() {
    return slow;
  }

  /** Runs a step, unless it would have to wait for one that may take long: empty then. */
  <T> Optional<T> unlessSlow(Supplier<T> step) {
    try {
      while (!slow) {
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

  /** Waits until the lock may be had soon, if that does not take too long. */
  boolean awaitQuick(Duration patience) {
    try {
      if (lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        lock.unlock();
        return true;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
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

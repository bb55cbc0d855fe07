package dev.cleat.server.session;

import dev.cleat.v1.ErrorReason;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock that owns everything of a session that changes. It is held over an append to the
 * journal, and over no other wait. Thread-safe.
 */
final class SessionLock {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLock.class);
  private static final long RETRY_MILLIS = 200;

  private final ReentrantLock lock = new ReentrantLock();
  private final String sessionId;
  private final Runnable onHeldBack;
  private boolean abandoned;

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
    locked(() -> {
      abandoned = true;
    });
  }
}

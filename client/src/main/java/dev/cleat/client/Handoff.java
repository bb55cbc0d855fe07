package dev.cleat.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A short queue from a listener's thread to a reader's. The writer waits while it is full, unless
 * the reader has closed it. For any thread.
 */
final class Handoff<T> {
  private final int capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<T> items = new ArrayDeque<>();
  private boolean closed; // by the reader: items are dropped
  private boolean ended; // by the writer: nothing more comes
  private @Nullable CleatException failure;

  Handoff(int capacity) {
    this.capacity = capacity;
  }

  void put(T item) {
    lock.lock();
    try {
      while (items.size() >= capacity && !closed) {
        changed.await();
      }
      if (!closed) {
        items.add(item);
        changed.signalAll();
      }
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes, because of this failure or without one. */
  void end(@Nullable CleatException why) {
    lock.lock();
    try {
      ended = true;
      failure = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is wanted. */
  void close() {
    lock.lock();
    try {
      closed = true;
      items.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isEnded() {
    lock.lock();
    try {
      return (ended || closed) && items.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** The next item; null at the end, and after so long. */
  @Nullable T take(long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (items.isEmpty()) {
        if (failure != null) {
          throw failure;
        }
        if (ended || closed || left <= 0) {
          return null;
        }
        left = changed.awaitNanos(left);
      }
      T item = items.removeFirst();
      changed.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }
}

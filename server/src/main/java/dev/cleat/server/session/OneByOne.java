package dev.cleat.server.session;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Does what is about the same key one after the other, and nobody waits for another key's.
 * Thread-safe.
 */
final class OneByOne {
  private static final class Turnstile {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  // Guarded by itself; has those alone that somebody uses.
  private final Map<String, Turnstile> turnstiles = new HashMap<>();

  <T> T run(String key, Supplier<T> step) {
    final Turnstile turnstile;
    synchronized (turnstiles) {
      turnstile = turnstiles.computeIfAbsent(key, _ -> new Turnstile());
      turnstile.users++;
    }
    turnstile.lock.lock();
    try {
      return step.get();
    } finally {
      turnstile.lock.unlock();
      synchronized (turnstiles) {
        turnstile.users--;
        if (turnstile.users == 0) {
          turnstiles.remove(key);
        }
      }
    }
  }
}

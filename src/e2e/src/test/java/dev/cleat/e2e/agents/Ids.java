package dev.cleat.e2e.agents;

import java.util.concurrent.atomic.AtomicInteger;

/** Names for what needs a name of its own. */
final class Ids {
  private static final AtomicInteger LAST = new AtomicInteger();

  private Ids() {}

  static String next() {
    return "scripted%04d".formatted(LAST.incrementAndGet());
  }
}

package dev.cleat.server.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A time that passes when it is told to. For one thread. */
final class FakeTime implements InstantSource {
  private Instant now = Instant.parse("2026-11-25T12:00:00Z");
  private long nanos;

  void pass(Duration time) {
    now = now.plus(time);
    nanos += time.toNanos();
  }

  @Override
  public Instant instant() {
    return now;
  }

  /** As {@link System#nanoTime}. */
  long nanoTime() {
    return nanos;
  }
}

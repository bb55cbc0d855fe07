package dev.cleat.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Growing, jittered delays between tries. Confined to one thread. */
final class BackOff {
  private final RetrySettings settings;
  private int attempts;

  BackOff(RetrySettings settings) {
    this.settings = settings;
  }

  /**
   * The delay before the next try: between half and all of first, 2 × first, 4 × first … up to the
   * largest; never less than asked for.
   */
  Duration next(Optional<Duration> atLeast) {
    long grown = Times.nanos(settings.firstDelay()) << Math.min(attempts, 30);
    long limit = Times.nanos(settings.maxDelay());
    long full = grown <= 0 ? limit : Math.min(limit, grown);
    attempts++;
    long asked = atLeast.map(Times::nanos).orElse(0L);
    long jitter = ThreadLocalRandom.current().nextLong(full / 2 + 1);
    return Duration.ofNanos(asked > 0 ? asked + jitter : full - jitter);
  }

  /** How many delays were handed out since the last reset. */
  int attempts() {
    return attempts;
  }

  void reset() {
    attempts = 0;
  }
}

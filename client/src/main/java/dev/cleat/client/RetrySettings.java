package dev.cleat.client;

import java.time.Duration;

/**
 * How failures that pass are treated.
 *
 * @param firstDelay the delay before the first try again
 * @param maxDelay what the delay grows to
 * @param retryFor how long calls, and the first connection of an attachment, are tried again
 * @param outageLimit how long an attachment that once stood, or a wait for a turn, goes on without
 *     any contact
 */
record RetrySettings(
    Duration firstDelay, Duration maxDelay, Duration retryFor, Duration outageLimit) {
  static final RetrySettings DEFAULTS =
      new RetrySettings(
          Duration.ofMillis(100),
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofHours(1));
}

package dev.cleat.server.terminal;

import java.time.Duration;

/**
 * How long to listen on after the leader's exit, to processes that it has left behind with its
 * terminal.
 *
 * @param quiet the exit is reported after this time without a byte, at once if nobody holds the
 *     terminal any more
 * @param cap the exit is reported after this time even if bytes still come; the rest is lost
 */
public record Drain(Duration quiet, Duration cap) {
  /** 2 seconds of quiet, 30 at most. */
  public static final Drain DEFAULT = new Drain(Duration.ofSeconds(2), Duration.ofSeconds(30));

  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException if a time is negative
   */
  public Drain {
    if (quiet.isNegative() || cap.isNegative()) {
      throw new IllegalArgumentException("drain times must not be negative");
    }
  }
}

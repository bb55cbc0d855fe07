package dev.cleat.server.journal;

import java.time.Duration;

/**
 * How much of a journal is kept. Whole segments are removed, oldest first; the one being written to
 * stays.
 *
 * @param bytes how large the journal may be on disk, at least 1
 * @param age how old its events may be, positive
 */
public record Retention(long bytes, Duration age) {
  /** Keeps everything. */
  public static final Retention UNLIMITED = new Retention(Long.MAX_VALUE, Duration.ofDays(365_000));

  /** Refuses values that would keep nothing. */
  public Retention {
    if (bytes < 1) {
      throw new IllegalArgumentException("retention of " + bytes + " bytes");
    }
    if (!age.isPositive()) {
      throw new IllegalArgumentException("retention of " + age);
    }
  }

  /** Keeps at most this many bytes, of any age. */
  public static Retention ofBytes(long bytes) {
    return new Retention(bytes, UNLIMITED.age);
  }
}

package dev.cleat.server.session;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import java.time.Instant;

/** Between java.time and the well-known types. */
public final class Times {
  private Times() {}

  /** A point in time. */
  public static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  /** A point in time, in nanoseconds since 1970. */
  public static long nanos(Timestamp time) {
    return time.getSeconds() * 1_000_000_000L + time.getNanos();
  }

  /** A point in time. */
  public static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  /** A length of time. */
  public static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  /** A length of time. */
  public static java.time.Duration duration(Duration duration) {
    return java.time.Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }

  /** A length of time in nanoseconds, or the longest: there are more seconds than fit. */
  public static long nanos(Duration duration, java.time.Duration longest) {
    final java.time.Duration asked = duration(duration);
    return (asked.compareTo(longest) > 0 ? longest : asked).toNanos();
  }
}

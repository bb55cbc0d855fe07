package dev.cleat.server.telemetry;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** How long something takes: a histogram in seconds. Thread-safe. */
public final class Timings implements Meter {
  private static final double NANOS = 1e9;

  /** For what takes microseconds when all is well. */
  public static final List<Duration> SHORT =
      Stream.of(10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000)
          .map(micros -> Duration.ofNanos(micros * 1_000L))
          .toList();

  /** For what takes milliseconds when all is well. */
  public static final List<Duration> MEDIUM =
      Stream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 60_000)
          .map(Duration::ofMillis)
          .toList();

  /** For what an agent does. */
  public static final List<Duration> LONG =
      Stream.of(100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000)
          .map(Duration::ofMillis)
          .toList();

  private final Description description;
  private final long[] bounds;
  private final Map<List<String>, Of> values = new ConcurrentHashMap<>();

  /**
   * A histogram.
   *
   * @param name with {@code _seconds}
   * @param bounds the upper bounds of its buckets, in order
   */
  public Timings(String name, String help, List<Duration> bounds, String... labels) {
    this.description = new Description(name, help, List.of(labels));
    this.bounds = bounds.stream().mapToLong(Duration::toNanos).toArray();
  }

  /** Those with these values of the labels: what often tells, keeps it. Shown from 0. */
  public Of of(String... labelValues) {
    final List<String> key = List.of(labelValues);
    description.check(key);
    return values.computeIfAbsent(key, _ -> new Of(bounds));
  }

  @Override
  public Description description() {
    return description;
  }

  @Override
  public HistogramSnapshot snapshot() {
    final double[] seconds = new double[bounds.length + 1];
    for (int i = 0; i < bounds.length; i++) {
      seconds[i] = bounds[i] / NANOS;
    }
    seconds[bounds.length] = Double.POSITIVE_INFINITY;
    final HistogramSnapshot.Builder snapshot =
        HistogramSnapshot.builder().name(description.name()).help(description.help());
    values.forEach((key, value) ->
        snapshot.dataPoint(
            HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .labels(description.labels(key))
                .classicHistogramBuckets(ClassicHistogramBuckets.of(seconds, value.counts()))
                .sum(value.nanos.sum() / NANOS)
                .build()));
    return snapshot.build();
  }

  /** The durations with the same labels. Thread-safe. */
  public static final class Of {
    private final long[] bounds;
    private final LongAdder[] counts;
    private final LongAdder nanos = new LongAdder();

    private Of(long[] bounds) {
      this.bounds = bounds;
      this.counts = new LongAdder[bounds.length + 1];
      Arrays.setAll(counts, _ -> new LongAdder());
    }

    /** It took so many nanoseconds. */
    public void took(long duration) {
      int bucket = 0;
      while (bucket < bounds.length && duration > bounds[bucket]) {
        bucket++;
      }
      counts[bucket].increment();
      nanos.add(duration);
    }

    /** It has taken since this {@link System#nanoTime}. */
    public void tookSince(long start) {
      took(System.nanoTime() - start);
    }

    private long[] counts() {
      return Arrays.stream(counts).mapToLong(LongAdder::sum).toArray();
    }
  }
}

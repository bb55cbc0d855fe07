package dev.cleat.server.telemetry;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what happens. Thread-safe. */
public final class Counter implements Meter {
  private final Description description;
  private final Map<List<String>, LongAdder> values = new ConcurrentHashMap<>();

  /**
   * A counter.
   *
   * @param name without {@code _total}, which is appended when it is shown
   */
  public Counter(String name, String help, String... labels) {
    this.description = new Description(name, help, List.of(labels));
  }

  /** The count with these values of the labels: what often counts, keeps it. It is shown from 0. */
  public LongAdder of(String... labelValues) {
    final List<String> key = List.of(labelValues);
    description.check(key);
    return values.computeIfAbsent(key, _ -> new LongAdder());
  }

  @Override
  public Description description() {
    return description;
  }

  @Override
  public CounterSnapshot snapshot() {
    final CounterSnapshot.Builder snapshot =
        CounterSnapshot.builder().name(description.name()).help(description.help());
    values.forEach((key, value) ->
        snapshot.dataPoint(
            CounterSnapshot.CounterDataPointSnapshot.builder()
                .labels(description.labels(key))
                .value((double) value.sum())
                .build()));
    return snapshot.build();
  }
}

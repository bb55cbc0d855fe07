package dev.cleat.server.telemetry;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says how much there is of something, looked up when it is asked. Thread-safe. */
public final class Gauge implements Meter {
  private static final Logger LOG = LoggerFactory.getLogger(Gauge.class);

  private final Description description;
  private final Supplier<Map<List<String>, Double>> values;

  /** A gauge without labels. */
  public Gauge(String name, String help, DoubleSupplier value) {
    this(name, help, List.of(), () -> Map.of(List.of(), value.getAsDouble()));
  }

  /**
   * A gauge.
   *
   * @param values what there is, by the values of the labels; may take its time, on a thread of
   *     whoever asks
   */
  public Gauge(
      String name, String help, List<String> labels, Supplier<Map<List<String>, Double>> values) {
    this.description = new Description(name, help, labels);
    this.values = values;
  }

  @Override
  public Description description() {
    return description;
  }

  @Override
  public GaugeSnapshot snapshot() {
    final GaugeSnapshot.Builder snapshot =
        GaugeSnapshot.builder().name(description.name()).help(description.help());
    try {
      values
          .get()
          .forEach((key, value) ->
              snapshot.dataPoint(
                  GaugeSnapshot.GaugeDataPointSnapshot.builder()
                      .labels(description.labels(key))
                      .value(value)
                      .build()));
    } catch (RuntimeException e) {
      // Missing says that it is not known; the others are known nevertheless.
      LOG.warn("{} cannot be said: {}", description.name(), e.getMessage());
    }
    return snapshot.build();
  }
}

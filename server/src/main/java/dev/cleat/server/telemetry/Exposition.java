package dev.cleat.server.telemetry;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All meters as Prometheus reads them, and what the JVM says of itself. Nothing is there of it
 * before somebody reads. Thread-safe.
 */
public final class Exposition implements AutoCloseable {
  /** The form that every Prometheus reads. */
  public static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  /** The form for those who ask for it. */
  public static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final List<Meter> meters;
  // Guarded by this.
  private @Nullable PrometheusMeterRegistry registry;
  private @Nullable JvmGcMetrics collections;

  /** Shows these. */
  public Exposition(List<Meter> meters) {
    this.meters = List.copyOf(meters);
  }

  /**
   * The form that fits best.
   *
   * @param accept the header of the request
   */
  public static String contentType(String accept) {
    return accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
  }

  /** All of them, in one of the forms. */
  public byte[] read(String contentType) throws IOException {
    final ByteArrayOutputStream all = new ByteArrayOutputStream();
    registry().scrape(all, contentType);
    return all.toByteArray();
  }

  private synchronized PrometheusMeterRegistry registry() {
    final PrometheusMeterRegistry there = registry;
    if (there != null) {
      return there;
    }
    final MultiCollector ours =
        () -> new MetricSnapshots(meters.stream().map(Meter::snapshot).toList());
    final PrometheusRegistry prometheus = new PrometheusRegistry();
    prometheus.register(ours);
    final PrometheusMeterRegistry made =
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
    new JvmMemoryMetrics().bindTo(made);
    new JvmThreadMetrics().bindTo(made);
    new ProcessorMetrics().bindTo(made);
    new FileDescriptorMetrics().bindTo(made);
    new UptimeMetrics().bindTo(made);
    final JvmGcMetrics pauses = new JvmGcMetrics();
    pauses.bindTo(made);
    collections = pauses;
    registry = made;
    return made;
  }

  @Override
  public synchronized void close() {
    if (collections != null) {
      collections.close();
    }
    if (registry != null) {
      registry.close();
    }
  }
}

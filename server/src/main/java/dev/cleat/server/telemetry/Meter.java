package dev.cleat.server.telemetry;

import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/**
 * Something that is measured. Whoever does what is measured holds it and tells it; boot shows all
 * of them. Telling takes no lock and makes no garbage.
 */
public sealed interface Meter permits Counter, Gauge, Timings {
  /** What it is called and means. */
  Description description();

  /** How it stands now. */
  MetricSnapshot snapshot();
}

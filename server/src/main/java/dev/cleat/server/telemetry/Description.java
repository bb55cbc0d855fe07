package dev.cleat.server.telemetry;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;

/**
 * What a meter is called and means.
 *
 * @param name as Prometheus shows it, without what its format appends ({@code _total})
 * @param help a sentence
 * @param labels the names of its labels; each has few values, and never a session's id
 */
public record Description(String name, String help, List<String> labels) {
  /** With the labels in an order. */
  public Description {
    labels = List.copyOf(labels);
  }

  Labels labels(List<String> values) {
    return Labels.of(labels, values);
  }

  void check(List<String> values) {
    if (values.size() != labels.size()) {
      throw new IllegalArgumentException(name + " has the labels " + labels + ", not " + values);
    }
  }
}

package dev.cleat.bench;

import java.util.Arrays;

/** Measured values of one kind. For one thread. */
final class Samples {
  private double[] values = new double[16];
  private int count;

  void add(double value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
  }

  double median() {
    return quantile(0.5);
  }

  /** The value that a share of all values, from 0 to 1, does not exceed. */
  double quantile(double share) {
    final double[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return count == 0 ? Double.NaN : sorted[(int) Math.min(count - 1, Math.floor(share * count))];
  }
}

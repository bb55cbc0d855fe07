package dev.cleat.server.journal;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a journal in order, never none. Immutable: the writer publishes a new one,
 * readers take what they see. Several may begin with the same number, when an epoch ended before
 * its first event; all but the last are then empty.
 */
final class Segments {
  private final Segment[] ordered;

  private Segments(Segment[] ordered) {
    this.ordered = ordered;
  }

  static Segments of(List<Segment> segments) {
    if (segments.isEmpty()) {
      throw new IllegalArgumentException("no segments");
    }
    Segment[] array = segments.toArray(Segment[]::new);
    Arrays.sort(
        array, Comparator.<Segment>comparingLong(s -> s.firstSeq).thenComparingLong(s -> s.epoch));
    return new Segments(array);
  }

  Segments plus(Segment newest) {
    Segment[] array = Arrays.copyOf(ordered, ordered.length + 1);
    array[ordered.length] = newest;
    return new Segments(array);
  }

  Segments withoutFirst() {
    return new Segments(Arrays.copyOfRange(ordered, 1, ordered.length));
  }

  Segment first() {
    return ordered[0];
  }

  Segment last() {
    return ordered[ordered.length - 1];
  }

  int count() {
    return ordered.length;
  }

  List<Segment> all() {
    return List.of(ordered);
  }

  /** The segment that holds a number, which must not be below the first segment's. */
  Segment holding(long seq) {
    return ordered[Math.max(0, indexHolding(seq))];
  }

  /** All segments that may hold this number or a later one. */
  List<Segment> from(long seq) {
    return Arrays.asList(ordered).subList(Math.max(0, indexHolding(seq)), ordered.length);
  }

  boolean contains(Segment segment) {
    int index = indexHolding(segment.firstSeq);
    while (index >= 0 && ordered[index].firstSeq == segment.firstSeq) {
      if (ordered[index] == segment) {
        return true;
      }
      index--;
    }
    return false;
  }

  /**
   * The segment that begins after this one's last event; none after the last, or after one no
   * longer here.
   */
  @Nullable Segment after(Segment segment) {
    int index = indexHolding(segment.firstSeq);
    return index >= 0 && index + 1 < ordered.length && ordered[index] == segment
        ? ordered[index + 1]
        : null;
  }

  private int indexHolding(long seq) {
    int low = 0;
    int high = ordered.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (ordered[middle].firstSeq <= seq) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }
}

package dev.cleat.server.journal;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The number with which each epoch of a journal begins, as far as it is known: the newest ones are
 * written into every segment, so retention does not forget them. Immutable.
 */
final class EpochStarts {
  /** How many of the newest epochs a segment remembers. */
  static final int STORED = 24;

  private final NavigableMap<Long, Long> starts;

  private EpochStarts(NavigableMap<Long, Long> starts) {
    this.starts = starts;
  }

  static EpochStarts first() {
    return new EpochStarts(new TreeMap<>(Map.of(1L, 1L)));
  }

  /** As stored in a segment of the given epoch; 0 stands for unknown. */
  static EpochStarts newestFirst(long epoch, long[] starts) {
    TreeMap<Long, Long> map = new TreeMap<>();
    for (int i = 0; i < starts.length; i++) {
      if (starts[i] > 0) {
        map.put(epoch - i, starts[i]);
      }
    }
    return new EpochStarts(map);
  }

  /** What the names of the segments tell when no header can be read. */
  static EpochStarts fromNames(Segments segments) {
    TreeMap<Long, Long> map = new TreeMap<>();
    for (Segment segment : segments.all()) {
      map.putIfAbsent(segment.epoch, segment.firstSeq);
    }
    return new EpochStarts(map);
  }

  EpochStarts plus(long epoch, long firstSeq) {
    TreeMap<Long, Long> map = new TreeMap<>(starts);
    map.put(epoch, firstSeq);
    return new EpochStarts(map);
  }

  long[] newestFirst(int limit) {
    long newest = starts.lastKey();
    long[] result = new long[(int) Math.min(limit, newest - starts.firstKey() + 1)];
    for (int i = 0; i < result.length; i++) {
      result[i] = starts.getOrDefault(newest - i, 0L);
    }
    return result;
  }

  /**
   * The first number that an epoch before the current one did not have, or a higher one when that
   * is forgotten.
   */
  long endOf(long epoch) {
    return starts.higherEntry(epoch).getValue();
  }
}

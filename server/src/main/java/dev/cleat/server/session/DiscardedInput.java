package dev.cleat.server.session;

import dev.cleat.v1.InputRange;
import java.util.ArrayList;
import java.util.List;

/** Which numbers of a writer were thrown away. Guarded by its gate's lock. */
final class DiscardedInput {
  /**
   * Each begins with the end of another process, and is of interest until its writer has heard of
   * it.
   */
  private static final int REMEMBERED_RANGES = 16;

  private final List<InputRange> ranges = new ArrayList<>(0);

  /** In order. */
  List<InputRange> ranges() {
    return List.copyOf(ranges);
  }

  /** The next number was thrown away. */
  void add(long seq) {
    if (!ranges.isEmpty() && ranges.getLast().getLastSeq() == seq - 1) {
      ranges.set(ranges.size() - 1, ranges.getLast().toBuilder().setLastSeq(seq).build());
      return;
    }
    if (ranges.size() == REMEMBERED_RANGES) {
      ranges.removeFirst();
    }
    ranges.add(InputRange.newBuilder().setFirstSeq(seq).setLastSeq(seq).build());
  }

  boolean has(long seq) {
    return ranges.stream().anyMatch(r -> r.getFirstSeq() <= seq && seq <= r.getLastSeq());
  }

  /** Acknowledges everything from one number to another again, as it was at first. */
  void tell(Client.Listener writer, long from, long to) {
    long told = from - 1;
    for (InputRange range : ranges) {
      if (range.getFirstSeq() > told + 1) {
        writer.acked(range.getFirstSeq() - 1, false);
      }
      if (range.getLastSeq() > told) {
        writer.acked(range.getLastSeq(), true);
        told = range.getLastSeq();
      }
    }
    if (to > told) {
      writer.acked(to, false);
    }
  }

  /** Whether this number was thrown away, and everything from it to that one. */
  boolean endsWith(long seq, long last) {
    return !ranges.isEmpty()
        && ranges.getLast().getLastSeq() == last
        && ranges.getLast().getFirstSeq() <= seq
        && seq <= last;
  }

  /** Forgets everything from this number on, which the newest range has. */
  void forgetFrom(long seq) {
    final InputRange newest = ranges.removeLast();
    if (newest.getFirstSeq() < seq) {
      ranges.add(newest.toBuilder().setLastSeq(seq - 1).build());
    }
  }
}

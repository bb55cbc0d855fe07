package dev.cleat.server.reader;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers for what does not fit into a cell: its style, or a character that is more than one code
 * point or two columns wide.
 *
 * <p>Holds at most what the cells show, and as much again: when it has grown to that, it is swept.
 */
final class CellTable<T> {
  private static final int FIRST_SWEEP = 1024;

  private Map<T, Integer> numbers = new HashMap<>();
  private final List<@Nullable T> values = new ArrayList<>();
  private final BitSet free = new BitSet();
  private final int capacity;
  private int sweepAt = FIRST_SWEEP;

  /**
   * Makes an empty one.
   *
   * @param capacity how many numbers there are, from 0
   */
  CellTable(int capacity) {
    this.capacity = capacity;
  }

  /** Whether {@link #sweep} should be called before the next {@link #number}. */
  boolean isFull() {
    return numbers.size() >= sweepAt;
  }

  /** The number of a value; -1 if there is none left. */
  int number(T value) {
    Integer known = numbers.get(value);
    if (known != null) {
      return known;
    }
    int number = free.nextSetBit(0);
    if (number >= 0) {
      free.clear(number);
      values.set(number, value);
    } else if (values.size() < capacity) {
      number = values.size();
      values.add(value);
    } else {
      return -1;
    }
    numbers.put(value, number);
    return number;
  }

  /** The value of a number, or null if it has none. */
  @Nullable T value(int number) {
    return number < values.size() ? values.get(number) : null;
  }

  /** Forgets the values whose numbers are not used any more. */
  void sweep(BitSet used) {
    for (int number = 0; number < values.size(); number++) {
      T value = values.get(number);
      if (value != null && !used.get(number)) {
        numbers.remove(value);
        values.set(number, null);
        free.set(number);
      }
    }
    sweepAt = Math.max(FIRST_SWEEP, 2 * numbers.size());
  }

  void clear() {
    // Clearing one that was large would cost as much each time.
    numbers = new HashMap<>();
    values.clear();
    free.clear();
    sweepAt = FIRST_SWEEP;
  }
}

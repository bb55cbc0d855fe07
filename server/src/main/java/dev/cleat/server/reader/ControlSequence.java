package dev.cleat.server.reader;

/**
 * A control sequence (CSI) that is being read, or was read: {@code CSI prefix parameters
 * intermediates final}.
 *
 * <p>One object is used for all sequences of a parser. Parameters beyond {@link #MAX_PARAMETERS}
 * are dropped, and large numbers become {@link #MAX_VALUE}.
 */
final class ControlSequence {
  static final int MAX_PARAMETERS = 32;
  static final int MAX_VALUE = 1_000_000;

  private final int[] values = new int[MAX_PARAMETERS];

  /** Whether a parameter follows the one before it after a colon: it says more about that one. */
  private final boolean[] parts = new boolean[MAX_PARAMETERS];

  private int count;
  private boolean full;
  private char prefix;
  private char intermediate;
  private char end;

  void clear() {
    count = 1;
    full = false;
    values[0] = 0;
    parts[0] = false;
    prefix = 0;
    intermediate = 0;
    end = 0;
  }

  void prefix(int b) {
    prefix = (char) b;
  }

  /** Of several only the last is kept: no sequence that is known here has more than one. */
  void intermediate(int b) {
    intermediate = (char) b;
  }

  void end(int b) {
    end = (char) b;
  }

  void digit(int b) {
    if (!full) {
      values[count - 1] = Math.min(MAX_VALUE, values[count - 1] * 10 + (b - '0'));
    }
  }

  void next(boolean part) {
    if (count == MAX_PARAMETERS) {
      full = true;
    } else {
      values[count] = 0;
      parts[count] = part;
      count++;
    }
  }

  /** {@code '?'}, {@code '>'}, {@code '='}, {@code '<'}, or 0. */
  char prefix() {
    return prefix;
  }

  /** The byte before the last that is neither part of a number nor a separator, or 0. */
  char intermediate() {
    return intermediate;
  }

  /** The last byte: what the sequence does. */
  char end() {
    return end;
  }

  /** How many parameters there are, at least 1; the parts of a parameter count, too. */
  int count() {
    return count;
  }

  /** A parameter; 0 where it is missing. */
  int value(int index) {
    return index < count ? values[index] : 0;
  }

  /** A parameter that counts something: 1 where it is 0 or missing. */
  int times(int index) {
    return Math.max(1, value(index));
  }

  /** Whether the parameter is a part of the one before it. */
  boolean isPart(int index) {
    return index < count && parts[index];
  }
}

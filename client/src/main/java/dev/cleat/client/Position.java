package dev.cleat.client;

/**
 * A place in a session's journal: behind the event with this number. Keep it, and attach after it
 * later, from anywhere.
 *
 * @param epoch the epoch that the number belongs to; 0 when it is not known, and then not checked
 * @param seq the number of the last event before the place; 0 for the beginning
 */
public record Position(long epoch, long seq) {
  /** Before the first event. */
  public static final Position BEGINNING = new Position(0, 0);

  /** Checks the ranges. */
  public Position {
    if (epoch < 0 || seq < 0) {
      throw new IllegalArgumentException("epoch and seq are not negative: " + epoch + ", " + seq);
    }
  }
}

package dev.cleat.server.journal;

/**
 * Takes the events of a {@link Batch} one by one.
 *
 * @param <X> what it may throw; {@code RuntimeException} when nothing
 */
@FunctionalInterface
public interface EventVisitor<X extends Exception> {
  /**
   * Takes one event.
   *
   * @param seq the event's number
   * @param array holds the event's serialisation; shared with other readers and never to be changed
   * @param offset where in the array it begins
   * @param length its length in bytes
   */
  void event(long seq, byte[] array, int offset, int length) throws X;
}

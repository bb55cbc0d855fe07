package dev.cleat.server.session;

/**
 * How far back a text must be read again to find what has been begun and is not whole: to an event
 * that began at least as many bytes ago as the longest thing that is looked for has.
 *
 * <p>Not safe for use by several threads.
 */
final class Rewind {
  private final int longest;
  private long olderSeq;
  private long newerSeq;
  private long newerAt;

  /**
   * Nothing has been begun.
   *
   * @param longest in bytes
   */
  Rewind(int longest) {
    this.longest = longest;
  }

  /** The text goes on with what this event has from an offset on. */
  void fed(long seq, long offset) {
    if (newerSeq == 0) {
      olderSeq = seq;
    } else if (offset - newerAt < longest) {
      return;
    } else {
      olderSeq = newerSeq;
    }
    newerSeq = seq;
    newerAt = offset;
  }

  /** Everything that was begun is whole. */
  void whole() {
    newerSeq = 0;
  }

  /** The last of the events up to this one that need not be read again. */
  long before(long seq) {
    return newerSeq == 0 ? seq : olderSeq - 1;
  }
}

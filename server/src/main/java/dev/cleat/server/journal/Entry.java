package dev.cleat.server.journal;

import java.nio.ByteBuffer;

/**
 * One event on its way into a journal. Its number is known only while it is being appended, so the
 * journal asks for the size and the bytes then. Both methods are called on the appending thread,
 * with the journal's writing lock held: they must be quick and must not call back into the journal.
 */
public interface Entry {
  /**
   * The exact size of this event's serialisation when it carries the given number.
   *
   * @param seq the number the event gets, at least 1
   * @return bytes, from 2 to {@link Journal#MAX_EVENT_BYTES}
   */
  int sizeAt(long seq);

  /**
   * Writes the event's serialisation, which must begin with field 1 = {@code seq} as a varint.
   *
   * @param seq the number that {@link #sizeAt} was asked about
   * @param target has room for exactly {@code sizeAt(seq)} bytes, all of which must be written;
   *     backed by an accessible array
   */
  void encodeAt(long seq, ByteBuffer target);
}

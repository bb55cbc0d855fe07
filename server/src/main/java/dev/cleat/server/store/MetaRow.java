package dev.cleat.server.store;

import java.nio.ByteBuffer;

/**
 * A value of the server as a whole, such as the head of the journal of changes.
 *
 * @param name its name
 * @param content opaque; the array is not copied and must not be changed
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier between caller and database; never compared.
public record MetaRow(String name, byte[] content) {
  /** A number under a name; {@link Store#metaLong} reads it. */
  public static MetaRow of(String name, long number) {
    return new MetaRow(name, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
  }
}

package dev.cleat.server.journal;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An event as the contract has it: field 1 is the number, field 15 the rest.
 *
 * @param payload any bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by its own equals.
record TestEvent(byte[] payload) implements Entry {
  private static final int PAYLOAD_TAG = 15 << 3 | 2;

  static TestEvent of(String text) {
    return new TestEvent(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /** Bytes that follow from the number alone, so a reader can tell whether they are right. */
  static byte[] payload(long seed, int length) {
    byte[] bytes = new byte[length];
    new java.util.Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Override
  public int sizeAt(long seq) {
    return 1 + Varint.size(seq) + 1 + Varint.size(payload.length) + payload.length;
  }

  @Override
  public void encodeAt(long seq, ByteBuffer target) {
    target.put(bytesAt(seq));
  }

  byte[] bytesAt(long seq) {
    byte[] bytes = new byte[sizeAt(seq)];
    bytes[0] = Records.SEQ_TAG;
    int at = Varint.put(bytes, 1, seq);
    bytes[at++] = (byte) PAYLOAD_TAG;
    at = Varint.put(bytes, at, payload.length);
    System.arraycopy(payload, 0, bytes, at, payload.length);
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TestEvent event && Arrays.equals(payload, event.payload);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(payload);
  }
}

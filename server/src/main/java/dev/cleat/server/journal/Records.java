package dev.cleat.server.journal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The form of a record: {@code [crc32c u32 LE][0x0A][varint length][event]}. The checksum covers
 * the segment's salt and everything after itself; the salt keeps copies of records that a session
 * prints from passing for records. What follows the checksum is one element of {@code repeated
 * Event events = 1}, so a message of many events is a concatenation.
 */
final class Records {
  static final int CRC_BYTES = 4;
  static final byte TAG = 0x0A;
  static final byte SEQ_TAG = 0x08;

  private Records() {}

  /** The size on disk of a record whose event has this many bytes. */
  static int size(int eventLength) {
    return CRC_BYTES + 1 + Varint.size(eventLength) + eventLength;
  }

  /** Bytes before the event, of a record known to be sound. */
  static int headBytes(byte[] array, int at) {
    return CRC_BYTES + 1 + Varint.size(Varint.get(array, at + CRC_BYTES + 1));
  }

  /** The length of a record known to be sound. */
  static int length(byte[] array, int at) {
    long event = Varint.get(array, at + CRC_BYTES + 1);
    return CRC_BYTES + 1 + Varint.size(event) + (int) event;
  }

  /**
   * Serialises events as the records of one append.
   *
   * @param sizes each event's size, as the entries told
   * @param total what their records take together
   */
  static byte[] encode(
      int salt, long firstSeq, List<? extends Entry> entries, int[] sizes, int total) {
    byte[] bytes = new byte[total];
    byte[] saltBytes = saltBytes(salt);
    CRC32C crc = new CRC32C();
    RecordHead head = new RecordHead();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    for (int i = 0; i < sizes.length; i++) {
      bytes[at + CRC_BYTES] = TAG;
      int event = Varint.put(bytes, at + CRC_BYTES + 1, sizes[i]);
      ByteBuffer target = ByteBuffer.wrap(bytes, event, sizes[i]).slice();
      entries.get(i).encodeAt(firstSeq + i, target);
      int end = event + sizes[i];
      if (target.hasRemaining()
          || head.parse(bytes, at, end) != RecordHead.Kind.PLAUSIBLE
          || head.seq != firstSeq + i) {
        throw new IllegalArgumentException(
            "entry %d wrote %d of %d bytes, or does not begin with its number"
                .formatted(i, target.position(), sizes[i]));
      }
      buffer.putInt(at, checksum(crc, saltBytes, bytes, at + CRC_BYTES, end - at - CRC_BYTES));
      at = end;
    }
    return bytes;
  }

  static byte[] saltBytes(int salt) {
    return new byte[] {
      (byte) salt, (byte) (salt >>> 8), (byte) (salt >>> 16), (byte) (salt >>> 24)
    };
  }

  static int checksum(CRC32C crc, byte[] salt, byte[] bytes, int offset, int length) {
    crc.reset();
    crc.update(salt, 0, salt.length);
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }

  /** The checksum stored in front of a record. */
  static int storedChecksum(byte[] bytes, int at) {
    return (bytes[at] & 0xFF)
        | (bytes[at + 1] & 0xFF) << 8
        | (bytes[at + 2] & 0xFF) << 16
        | (bytes[at + 3] & 0xFF) << 24;
  }

  /** Whether the record's bytes, all of them in the array, match their checksum. */
  static boolean intact(CRC32C crc, byte[] salt, byte[] bytes, int at, int length) {
    return checksum(crc, salt, bytes, at + CRC_BYTES, length - CRC_BYTES)
        == storedChecksum(bytes, at);
  }
}

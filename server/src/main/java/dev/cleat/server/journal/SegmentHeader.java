package dev.cleat.server.journal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What every segment file begins with, written twice: without the salt no record can be verified,
 * so one damaged byte must not cost a whole segment.
 *
 * @param salt random, goes into every record's checksum
 * @param epoch the epoch of the segment's events
 * @param firstSeq the number of its first event
 * @param createdMillis when it was begun, since 1970
 * @param run which run of the server began it, see {@link RunMark}
 * @param epochs where this epoch and those before it began
 */
record SegmentHeader(
    int salt, long epoch, long firstSeq, long createdMillis, long run, EpochStarts epochs) {
  private static final long MAGIC = 0x4745_5354_4145_4C43L; // "CLEATSEG" read as little-endian
  private static final short VERSION = 1;
  private static final int COPY_BYTES = 256;
  private static final int CRC_AT = COPY_BYTES - Integer.BYTES;
  private static final int STARTS_AT = 56;

  /** How many bytes come before the first record. */
  static final int BYTES = 2 * COPY_BYTES;

  byte[] encode() {
    ByteBuffer buffer = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(MAGIC).putShort(VERSION).putShort((short) COPY_BYTES).putInt(salt);
    buffer.putLong(epoch).putLong(firstSeq).putLong(createdMillis).putLong(run);
    long[] starts = epochs.newestFirst(EpochStarts.STORED);
    buffer.putInt(starts.length).putInt(0);
    for (long start : starts) {
      buffer.putLong(start);
    }
    buffer.putInt(CRC_AT, checksum(buffer.array(), 0));
    buffer.put(COPY_BYTES, buffer.array(), 0, COPY_BYTES);
    return buffer.array();
  }

  /** The header in the first bytes of a file, if either copy of it is sound. */
  static Optional<SegmentHeader> decode(byte[] bytes, int length) {
    for (int at = 0; at + COPY_BYTES <= Math.min(length, BYTES); at += COPY_BYTES) {
      ByteBuffer buffer =
          ByteBuffer.wrap(bytes, at, COPY_BYTES).slice().order(ByteOrder.LITTLE_ENDIAN);
      if (buffer.getLong() == MAGIC
          && buffer.getShort() == VERSION
          && buffer.getInt(CRC_AT) == checksum(bytes, at)) {
        buffer.getShort();
        return Optional.of(read(buffer));
      }
    }
    return Optional.empty();
  }

  private static SegmentHeader read(ByteBuffer buffer) {
    int salt = buffer.getInt();
    long epoch = buffer.getLong();
    long firstSeq = buffer.getLong();
    long created = buffer.getLong();
    long run = buffer.getLong();
    long[] starts = new long[buffer.getInt()];
    buffer.position(STARTS_AT);
    for (int i = 0; i < starts.length; i++) {
      starts[i] = buffer.getLong();
    }
    return new SegmentHeader(
        salt, epoch, firstSeq, created, run, EpochStarts.newestFirst(epoch, starts));
  }

  private static int checksum(byte[] bytes, int at) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, at, CRC_AT);
    return (int) crc.getValue();
  }
}

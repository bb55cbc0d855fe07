package dev.cleat.server.journal;

import java.io.IOException;
import java.util.zip.CRC32C;

/**
 * Finds sound records in a segment, past others and past damage. For one thread; made for one
 * search or one walk, since it holds a window of the file.
 */
final class SegmentScanner {
  private static final int WINDOW = 256 << 10;

  /**
   * How many bytes of bodies may be summed up in vain. Bytes chosen to look like heads of long
   * records could otherwise hold a reader up for hours; what is left of the segment then counts as
   * damaged.
   */
  private static final long WASTE_LIMIT = 1L << 30;

  private final SegmentFile file;
  private final byte[] salt;
  private final CRC32C crc = new CRC32C();
  private final RecordHead head = new RecordHead();
  private byte[] window = new byte[0];
  private long windowStart;
  private int windowLength;
  private long wasted;

  private long offset;
  private long end;
  private boolean damaged;

  SegmentScanner(SegmentFile file) {
    this.file = file;
    this.salt = file.saltBytes();
  }

  /**
   * Looks for the first sound record at or after a position whose number is in a range.
   *
   * @param from where to begin; a record's beginning unless there is damage
   * @param limit where the records end
   * @param minSeq sound records below are passed over
   * @param maxSeq what claims a higher number is damage
   * @return whether there is one; then {@link #seq}, {@link #offset} and {@link #end} describe it
   */
  boolean find(long from, long limit, long minSeq, long maxSeq) throws IOException {
    damaged = false;
    long position = from;
    while (position < limit) {
      boolean sound = soundAt(position, limit, maxSeq);
      if (sound && head.seq >= minSeq) {
        offset = position;
        end = position + head.length();
        return true;
      }
      if (!sound && wasted > WASTE_LIMIT) {
        damaged = true;
        return false;
      }
      damaged |= !sound;
      position += sound ? head.length() : 1;
    }
    return false;
  }

  long seq() {
    return head.seq;
  }

  long offset() {
    return offset;
  }

  long end() {
    return end;
  }

  /** Whether the last search had to pass over bytes that are no sound record. */
  boolean damaged() {
    return damaged;
  }

  private boolean soundAt(long position, long limit, long maxSeq) throws IOException {
    int available = load(position, (int) Math.min(RecordHead.MAX_BYTES, limit - position), limit);
    int at = (int) (position - windowStart);
    if (head.parse(window, at, at + available) != RecordHead.Kind.PLAUSIBLE
        || head.seq > maxSeq
        || head.length() > limit - position) {
      return false;
    }
    boolean intact = checksumMatches(position, head.length(), limit);
    if (!intact) {
      wasted += head.length();
    }
    return intact;
  }

  private boolean checksumMatches(long position, int length, long limit) throws IOException {
    int stored = Records.storedChecksum(window, (int) (position - windowStart));
    crc.reset();
    crc.update(salt, 0, salt.length);
    long next = position + Records.CRC_BYTES;
    long bodyEnd = position + length;
    while (next < bodyEnd) {
      int part = Math.min((int) Math.min(bodyEnd - next, WINDOW), load(next, 1, limit));
      crc.update(window, (int) (next - windowStart), part);
      next += part;
    }
    return (int) crc.getValue() == stored;
  }

  /**
   * Makes the window hold at least {@code wanted} bytes from a position; returns how many it holds
   * from there.
   */
  private int load(long position, int wanted, long limit) throws IOException {
    if (position < windowStart || position + wanted > windowStart + windowLength) {
      int length = (int) Math.min(WINDOW, limit - position);
      if (window.length < length) {
        window = new byte[length];
      }
      file.read(position, window, 0, length);
      windowStart = position;
      windowLength = length;
    }
    return (int) (windowStart + windowLength - position);
  }
}

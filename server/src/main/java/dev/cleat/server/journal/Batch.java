package dev.cleat.server.journal;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Consecutive events, as bytes shared with other readers, or of the cursor that read them from
 * disk, and then good until that reads on. It keeps those bytes in memory for as long as it is
 * referenced, so send it and let go of it.
 */
public final class Batch implements Step {
  private final long firstSeq;
  private final long lastSeq;
  private final Slice[] slices;
  private final int wireLength;

  /** Whole, verified records in a shared array. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Slice(byte[] array, int from, int to) {}

  Batch(long firstSeq, long lastSeq, Slice... slices) {
    this.firstSeq = firstSeq;
    this.lastSeq = lastSeq;
    this.slices = slices;
    int bytes = 0;
    for (Slice slice : slices) {
      bytes += slice.to - slice.from;
    }
    this.wireLength = bytes - Records.CRC_BYTES * count();
  }

  /** The first event's number. */
  public long firstSeq() {
    return firstSeq;
  }

  /** The last event's number; every number from the first to the last is there. */
  public long lastSeq() {
    return lastSeq;
  }

  /** How many events there are, at least 1. */
  public int count() {
    return (int) (lastSeq - firstSeq + 1);
  }

  /** How many bytes {@link #writeTo} writes. */
  public int wireLength() {
    return wireLength;
  }

  /** Writes the events as the protobuf field {@code repeated Event events = 1}. */
  public void writeTo(OutputStream target) throws IOException {
    for (Slice slice : slices) {
      int at = slice.from;
      while (at < slice.to) {
        int length = Records.length(slice.array, at);
        target.write(slice.array, at + Records.CRC_BYTES, length - Records.CRC_BYTES);
        at += length;
      }
    }
  }

  /**
   * The events as the protobuf field {@code repeated Event events = 1}, in an array of the caller's
   * own.
   */
  public byte[] toByteArray() {
    byte[] copy = new byte[wireLength];
    int end = 0;
    for (Slice slice : slices) {
      int at = slice.from;
      while (at < slice.to) {
        int length = Records.length(slice.array, at);
        System.arraycopy(
            slice.array, at + Records.CRC_BYTES, copy, end, length - Records.CRC_BYTES);
        end += length - Records.CRC_BYTES;
        at += length;
      }
    }
    return copy;
  }

  /** Visits the events in order. */
  public <X extends Exception> void forEach(EventVisitor<X> visitor) throws X {
    long seq = firstSeq;
    for (Slice slice : slices) {
      int at = slice.from;
      while (at < slice.to) {
        int head = Records.headBytes(slice.array, at);
        int length = Records.length(slice.array, at);
        visitor.event(seq++, slice.array, at + head, length - head);
        at += length;
      }
    }
  }

  @Override
  public String toString() {
    return "Batch["
        + firstSeq
        + ".."
        + lastSeq
        + ", "
        + wireLength
        + " bytes, "
        + Arrays.stream(slices).mapToInt(s -> s.array.length).sum()
        + " held]";
  }
}

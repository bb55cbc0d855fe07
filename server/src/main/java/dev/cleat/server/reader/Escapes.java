package dev.cleat.server.reader;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Looks for the ESC byte, and for another beside it, eight bytes at a time. */
final class Escapes {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final byte ESC = 0x1B;
  private static final long ALL_ESC = 0x1B1B1B1B1B1B1B1BL;
  private static final long LOW = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;

  private Escapes() {}

  /** The index of the first ESC in {@code [from, end)}, or {@code end}. */
  static int next(byte[] bytes, int from, int end) {
    int at = from;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      long zeroWhereEsc = (long) LONGS.get(bytes, at) ^ ALL_ESC;
      long found = (zeroWhereEsc - LOW) & ~zeroWhereEsc & HIGH;
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    while (at < end && bytes[at] != ESC) {
      at++;
    }
    return at;
  }

  /** The index of the first ESC or other byte in {@code [from, end)}, or {@code end}. */
  static int nextOr(byte other, byte[] bytes, int from, int end) {
    final long allOther = (other & 0xFFL) * LOW;
    int at = from;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      final long word = (long) LONGS.get(bytes, at);
      final long zeroWhereEsc = word ^ ALL_ESC;
      final long zeroWhereOther = word ^ allOther;
      final long found =
          (((zeroWhereEsc - LOW) & ~zeroWhereEsc) | ((zeroWhereOther - LOW) & ~zeroWhereOther))
              & HIGH;
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    while (at < end && bytes[at] != ESC && bytes[at] != other) {
      at++;
    }
    return at;
  }
}

package dev.cleat.server.journal;

/** Protobuf's base-128 numbers. */
final class Varint {
  private Varint() {}

  static int size(long value) {
    return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
  }

  /** Writes the value and returns the position after it. */
  static int put(byte[] array, int at, long value) {
    int position = at;
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      array[position++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    array[position++] = (byte) rest;
    return position;
  }

  /** Reads a value from bytes that are known to hold a whole one. */
  static long get(byte[] array, int at) {
    long value = 0;
    int shift = 0;
    int position = at;
    while (true) {
      byte next = array[position++];
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
      shift += 7;
    }
  }
}

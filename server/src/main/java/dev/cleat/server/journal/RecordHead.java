package dev.cleat.server.journal;

/**
 * The beginning of a record as read from bytes that may be anything: {@code [crc32c
 * u32][0x0A][varint length][0x08] [varint seq]…}. Reused for record after record by one thread.
 */
final class RecordHead {
  /** The most bytes a head can take. */
  static final int MAX_BYTES = Records.CRC_BYTES + 1 + 5 + 1 + 10;

  /** What the bytes look like. */
  enum Kind {
    /** Like a record, whose checksum is yet to be verified. */
    PLAUSIBLE,
    /** Like the beginning of one, but they end too early to tell. */
    TOO_SHORT,
    /** Not like a record. */
    IMPLAUSIBLE
  }

  /** Bytes from the record's beginning to its event. */
  int eventOffset;

  int eventLength;
  long seq;

  /** The whole record's length in bytes. */
  int length() {
    return eventOffset + eventLength;
  }

  /**
   * Looks at the bytes from {@code at} up to {@code end}; the fields are set when they are
   * plausible.
   */
  Kind parse(byte[] bytes, int at, int end) {
    if (end - at <= Records.CRC_BYTES) {
      return Kind.TOO_SHORT;
    }
    if (bytes[at + Records.CRC_BYTES] != Records.TAG) {
      return Kind.IMPLAUSIBLE;
    }
    int position = at + Records.CRC_BYTES + 1;
    int size = 0;
    for (int shift = 0; ; shift += 7) {
      if (shift > 28) {
        return Kind.IMPLAUSIBLE;
      }
      if (position == end) {
        return Kind.TOO_SHORT;
      }
      byte next = bytes[position++];
      size |= (next & 0x7F) << shift;
      if (next >= 0) {
        break;
      }
    }
    int offset = position - at;
    if (size < 2
        || size > Journal.MAX_EVENT_BYTES
        || offset != Records.CRC_BYTES + 1 + Varint.size(size)) {
      return Kind.IMPLAUSIBLE;
    }
    eventOffset = offset;
    eventLength = size;
    return parseSeq(bytes, position, end, (long) position + size);
  }

  private Kind parseSeq(byte[] bytes, int at, int end, long eventEnd) {
    if (at == end) {
      return Kind.TOO_SHORT;
    }
    if (bytes[at] != Records.SEQ_TAG) {
      return Kind.IMPLAUSIBLE;
    }
    long value = 0;
    int position = at + 1;
    for (int shift = 0; shift <= 63; shift += 7) {
      if (position >= eventEnd) {
        return Kind.IMPLAUSIBLE;
      }
      if (position == end) {
        return Kind.TOO_SHORT;
      }
      byte next = bytes[position++];
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        seq = value;
        return value > 0 ? Kind.PLAUSIBLE : Kind.IMPLAUSIBLE;
      }
    }
    return Kind.IMPLAUSIBLE;
  }
}

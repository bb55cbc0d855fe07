package dev.cleat.client;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.Objects;

/** Bytes that come in pieces, read in other pieces. To be used by one thread. */
final class Pieces {
  /** Brings more. */
  interface Source {
    /** Takes the next piece, if it brings bytes; false at the end. */
    boolean next() throws IOException;
  }

  private ByteString current = ByteString.EMPTY;
  private int read;

  /** This comes next; what came before has been read. */
  void take(ByteString piece) {
    current = piece;
    read = 0;
  }

  /** How many bytes have come and have not been read. */
  int available() {
    return current.size() - read;
  }

  /** One byte, as {@link java.io.InputStream#read()} has it. */
  int read(Source source) throws IOException {
    byte[] one = new byte[1];
    return read(source, one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** At least one byte, as {@link java.io.InputStream#read(byte[], int, int)} has it. */
  int read(Source source, byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (available() == 0) {
      if (!source.next()) {
        return -1;
      }
    }
    int count = Math.min(length, available());
    current.substring(read, read + count).copyTo(target, offset);
    read += count;
    return count;
  }
}

package dev.cleat.e2e;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/**
 * The numbers from 1, a line each: output that a shell makes quickly, of which every part is
 * different and the digest is known.
 *
 * @param last the last number
 */
record Numbers(long last) {

  /** As many as make about so many bytes. */
  static Numbers ofBytes(long bytes) {
    long last = 0;
    long sum = 0;
    for (int digits = 1; sum < bytes; digits++) {
      long most = (long) Math.pow(10, digits) - 1;
      long take = Math.min(most - last, (bytes - sum) / (digits + 1) + 1);
      last += take;
      sum += take * (digits + 1);
    }
    return new Numbers(last);
  }

  /** How many bytes they make. */
  long bytes() {
    long sum = 0;
    for (long from = 1; from <= last; from *= 10) {
      sum += (last - from + 1) + (from == 1 ? last : 0);
    }
    return sum;
  }

  /** Arguments of {@code sh} that print them to the terminal without translating the newlines. */
  List<String> shell() {
    return List.of("-c", "stty raw -echo; exec seq 1 " + last);
  }

  /** The digest of all of them. */
  String sha() {
    MessageDigest digest = Transcript.sha256();
    print(digest::update);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The checksum of all of them. */
  long crc() {
    Checksum crc = new CRC32C();
    print(crc::update);
    return crc.getValue();
  }

  /** What is given the bytes. */
  private interface Taker {
    void take(byte[] buffer, int offset, int length);
  }

  private void print(Taker taker) {
    byte[] line = new byte[20];
    byte[] block = new byte[1 << 16];
    int filled = 0;
    for (long number = 1; number <= last; number++) {
      int at = line.length;
      line[--at] = '\n';
      for (long rest = number; rest > 0; rest /= 10) {
        line[--at] = (byte) ('0' + rest % 10);
      }
      if (filled + line.length > block.length) {
        taker.take(block, 0, filled);
        filled = 0;
      }
      System.arraycopy(line, at, block, filled, line.length - at);
      filled += line.length - at;
    }
    taker.take(block, 0, filled);
  }
}

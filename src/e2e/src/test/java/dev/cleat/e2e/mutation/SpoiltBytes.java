package dev.cleat.e2e.mutation;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Does to the bytes of a message what no encoder would. */
final class SpoiltBytes {
  private static final byte[] INTERESTING = {0, 1, 0x7f, (byte) 0x80, (byte) 0xff, 0x0b, 0x0c};
  private static final int MOST_CHANGES = 4;
  private static final int LONGEST_INSERTED = 40;

  private SpoiltBytes() {}

  /** The bytes, changed in a few places. */
  static byte[] of(byte[] message, RandomGenerator random) {
    byte[] bytes = message.clone();
    for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
      bytes = changed(bytes, random);
    }
    return bytes;
  }

  private static byte[] changed(byte[] bytes, RandomGenerator random) {
    if (bytes.length == 0) {
      return random(random);
    }
    int at = random.nextInt(bytes.length);
    int length = random.nextInt(Math.min(bytes.length - at, LONGEST_INSERTED) + 1);
    return switch (random.nextInt(12)) {
      case 0, 1 -> with(bytes, at, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
      case 2 -> with(bytes, at, INTERESTING[random.nextInt(INTERESTING.length)]);
      // Another wire type.
      case 3 -> with(bytes, at, (byte) (bytes[at] ^ 1 + random.nextInt(7)));
      case 4 -> Arrays.copyOf(bytes, at);
      case 5 -> replaced(bytes, at, 0, random(random));
      case 6 -> replaced(bytes, at, length, new byte[0]);
      case 7 -> replaced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
      case 8 -> swapped(bytes, at, random.nextInt(bytes.length));
      case 9 -> replaced(bytes, at, 1, longVarint(bytes[at], random.nextInt(12)));
      // The begin of a group and, half of the time, its end.
      case 10 ->
          replaced(
              bytes,
              at,
              0,
              random.nextBoolean() ? new byte[] {0x0b} : new byte[] {0x0b, 0x08, 0x01, 0x0c});
      default -> replaced(bytes, bytes.length, 0, Odd.notText().toByteArray());
    };
  }

  private static byte[] random(RandomGenerator random) {
    byte[] bytes = new byte[random.nextInt(LONGEST_INSERTED)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] with(byte[] bytes, int at, byte value) {
    bytes[at] = value;
    return bytes;
  }

  private static byte[] swapped(byte[] bytes, int one, int other) {
    byte kept = bytes[one];
    bytes[one] = bytes[other];
    bytes[other] = kept;
    return bytes;
  }

  /** The same number in more bytes than it needs, or than there may be. */
  private static byte[] longVarint(byte value, int more) {
    byte[] varint = new byte[more + 2];
    Arrays.fill(varint, (byte) 0x80);
    varint[0] = (byte) (value | 0x80);
    varint[more + 1] = 0;
    return varint;
  }

  private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + by.length);
    out.write(bytes, 0, at);
    out.writeBytes(by);
    out.write(bytes, at + length, bytes.length - at - length);
    return out.toByteArray();
  }
}

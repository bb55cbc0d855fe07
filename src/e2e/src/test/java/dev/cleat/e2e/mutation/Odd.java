package dev.cleat.e2e.mutation;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.List;
import java.util.random.RandomGenerator;

/** Values of fields that are at a boundary, or past it. */
final class Odd {
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "\0",
          "a\0b",
          "\n",
          "\u001b[201~",
          "-",
          "--help",
          "..",
          "../../../etc/passwd",
          "/dev/null",
          "/no/such",
          "%s%n%x",
          "${env:HOME}",
          "'; DROP TABLE sessions; --",
          "é\u0301\u202e",
          "\ud83d\ude00".repeat(32),
          "\u0000\u0001\u007f\u0085",
          "*",
          "=",
          "a=b",
          "A".repeat(63),
          "A".repeat(64),
          "A".repeat(128),
          "A".repeat(129),
          "x".repeat(255),
          "x".repeat(5_000));

  private static final int[] INTS = {
    0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 4096, 4097, 1_000_000_000
  };
  private static final long[] LONGS = {
    0,
    1,
    -1,
    -2,
    Long.MAX_VALUE,
    Long.MAX_VALUE - 1,
    Long.MIN_VALUE,
    Integer.MAX_VALUE,
    1L << 32,
    1L << 53,
    315_576_000_000L,
    315_576_000_001L,
    -315_576_000_001L
  };
  private static final double[] DOUBLES = {
    0,
    -0.0,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    1e300
  };

  /** One text in so many is very large. */
  private static final int LARGE = 3_000;

  private static final int LARGEST = 5 << 20;

  private Odd() {}

  /** A value of a field that is no message. */
  static Object value(FieldDescriptor field, RandomGenerator random) {
    return switch (field.getJavaType()) {
      case STRING ->
          random.nextInt(LARGE) == 0
              ? "y".repeat(random.nextInt(LARGEST))
              : TEXTS.get(random.nextInt(TEXTS.size()));
      case BYTE_STRING -> bytes(random);
      case BOOLEAN -> random.nextBoolean();
      case ENUM ->
          field.getEnumType().findValueByNumberCreatingIfUnknown(INTS[random.nextInt(INTS.length)]);
      case INT -> INTS[random.nextInt(INTS.length)];
      case LONG -> LONGS[random.nextInt(LONGS.length)];
      case FLOAT -> (float) DOUBLES[random.nextInt(DOUBLES.length)];
      case DOUBLE -> DOUBLES[random.nextInt(DOUBLES.length)];
      case MESSAGE -> throw new IllegalArgumentException(field.getFullName());
    };
  }

  private static ByteString bytes(RandomGenerator random) {
    byte[] bytes =
        new byte[random.nextInt(LARGE) == 0 ? random.nextInt(LARGEST) : random.nextInt(64)];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  /** Bytes that are no UTF-8. */
  static ByteString notText() {
    return ByteString.copyFrom(new byte[] {'a', (byte) 0xc3, '(', (byte) 0xff});
  }
}

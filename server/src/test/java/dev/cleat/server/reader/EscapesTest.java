package dev.cleat.server.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EscapesTest {
  @Test
  void firstEscapeIsFoundWhereverItIs() {
    long seed = new Random().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(1, 40)];
      for (int i = 0; i < bytes.length; i++) {
        // The bytes near to ESC, and with its low bits, are those that a clever comparison gets
        // wrong.
        int[] near = {0x1A, 0x1B, 0x1C, 0x9B, 0x00, 0xFF, 0x9A, 0x80, random.nextInt(256)};
        bytes[i] = (byte) near[random.nextInt(near.length)];
      }
      int from = random.nextInt(bytes.length);
      int end = random.nextInt(from, bytes.length + 1);
      int expected = from;
      while (expected < end && bytes[expected] != 0x1B) {
        expected++;
      }
      assertThat(Escapes.next(bytes, from, end))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(expected);
    }
  }
}

package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Utf8TextTest {
  private final Utf8Text text = new Utf8Text();

  private String feed(int... bytes) {
    byte[] array = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      array[i] = (byte) bytes[i];
    }
    return text.feed(array, 0, array.length);
  }

  @Test
  void characterIsHeldUntilItIsComplete() {
    assertThat(feed('a', 0xF0)).isEqualTo("a");
    assertThat(feed(0x9F)).isEmpty();
    assertThat(feed(0x98)).isEmpty();
    assertThat(text.held()).isEqualTo(3);
    assertThat(feed(0x80, 0xC3)).isEqualTo("\uD83D\uDE00");
    assertThat(feed(0xBC)).isEqualTo("ü");
    assertThat(text.held()).isZero();
    assertThat(text.flush()).isEmpty();
  }

  @Test
  void incompleteCharacterAtTheEndIsReplaced() {
    assertThat(feed('a', 0xE6, 0x96)).isEqualTo("a");
    assertThat(text.flush()).isEqualTo("\uFFFD");
    assertThat(feed('b')).isEqualTo("b");
  }

  @Test
  void invalidBytesAreNotHeldForLong() {
    for (int i = 0; i < 1000; i++) {
      feed(0x80 | i);
      assertThat(text.held()).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void anyChunkingGivesTheTextOfTheWhole() {
    long seed = new Random().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = bytes(random);
      Utf8Text streamed = new Utf8Text();
      StringBuilder result = new StringBuilder();
      for (Chunks.Chunk chunk : Chunks.of(bytes.length, 1 + random.nextInt(8), random)) {
        String piece = streamed.feed(bytes, chunk.from(), chunk.count());
        assertThat(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)))
            .as("seed %d, round %d: split character", seed, round)
            .isTrue();
        result.append(piece);
      }
      result.append(streamed.flush());
      assertThat(result.toString())
          .as("seed %d, round %d", seed, round)
          .isEqualTo(new String(bytes, UTF_8));
    }
  }

  private static byte[] bytes(SplittableRandom random) {
    int[] odd = {
      0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xA0, 0x9F, 0xED, 0xEF, 0xF0, 0x90, 0x8F, 0xF4,
      0xF5, 0xF8, 0xFF
    };
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = random.nextInt(1, 20); i > 0; i--) {
      switch (random.nextInt(3)) {
        case 0 -> bytes.write(odd[random.nextInt(odd.length)]);
        case 1 -> bytes.write('a');
        default -> bytes.writeBytes("ü文\uD83D\uDE00".getBytes(UTF_8));
      }
    }
    return bytes.toByteArray();
  }
}

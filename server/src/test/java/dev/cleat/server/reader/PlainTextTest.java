package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainTextTest {
  private static String plain(byte[] bytes) {
    PlainText text = new PlainText();
    return text.feed(bytes, 0, bytes.length) + text.flush();
  }

  private static String plain(String output) {
    return plain(output.translateEscapes().getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "a\\033[1;31mb\\033[0mc|abc",
        "a\\033[?2004hb\\033[38:2::1:2:3mc\\033[ qd|abcd",
        "a\\033]0;title\\7b\\033]8;;http://x\\033\\\\c|abc",
        "a\\033Pq#0;2;0~-\\7x\\033\\\\b\\033_Gi=1;AAAA\\033\\\\c\\033^pm\\033\\\\d\\033Xsos\\033\\\\e|abcde",
        "a\\033(Bb\\033)0c\\033=d\\033#8e\\033 Ff\\0337g|abcdefg",
        "a\\033[12\\30b|ab",
        "a\\033]0;x\\32b|ab",
        "a\\033[1\\033[2mb|ab",
        "a\\033\\033[2mb|ab",
        "\\033[31ü|ü",
        "\\033文|文",
        "a\\7b\\0c\\177d\\13e|abcde",
        "a\\tb|a\\tb",
        "a\\r\\nb\\r\\r\\nc\\nd|a\\nb\\nc\\nd",
        "10%\\r20%\\r30%\\r\\n|10%\\n20%\\n30%\\n",
        "\\r\\033[Ktext\\r\\033[K\\n|text\\n",
        "10%\\r|10%",
        "ab\\b \\bc|ab c",
        "a\\033[1\\n2mb|a\\nb",
        "a\\033]unended b|a",
        "a\\033|a",
      })
  void escapeSequencesAreRemoved(String output, String expected) {
    assertThat(plain(output)).isEqualTo(expected.translateEscapes());
  }

  @Test
  void eightBitControlCharactersAreRemoved() {
    assertThat(plain("a\u009b31mb\u0085c\u00a0d")).isEqualTo("a31mbc\u00a0d");
  }

  @Test
  void textIsNotHeldBack() {
    PlainText text = new PlainText();
    assertThat(text.feed("prompt> ".getBytes(UTF_8), 0, 8)).isEqualTo("prompt> ");
    assertThat(text.feed("x\r".getBytes(UTF_8), 0, 2)).isEqualTo("x");
    assertThat(text.feed("\n".getBytes(UTF_8), 0, 1)).isEqualTo("\n");
  }

  @Test
  void unendedStringHidesNothingBehindTheNextEscape() {
    assertThat(plain("a\\033P" + "x".repeat(100_000) + "\\033[0mb")).isEqualTo("ab");
  }

  @Test
  void anyChunkingGivesTheSameText() {
    long seed = new Random().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 2_000; round++) {
      byte[] bytes = output(random);
      PlainText text = new PlainText();
      StringBuilder result = new StringBuilder();
      for (Chunks.Chunk chunk : Chunks.of(bytes.length, 1 + random.nextInt(20), random)) {
        result.append(text.feed(bytes, chunk.from(), chunk.count()));
      }
      result.append(text.flush());
      assertThat(result.toString())
          .as("seed %d, round %d", seed, round)
          .isEqualTo(plain(bytes))
          .doesNotContainPattern("[\\p{Cntrl}&&[^\\n\\t]]");
    }
  }

  private static byte[] output(SplittableRandom random) {
    String[] pieces = {
      "\033",
      "[",
      "]",
      "P",
      "\\",
      "1;2",
      "m",
      "\007",
      "\030",
      "text",
      "\r",
      "\n",
      "\t",
      "\b",
      "ü文\uD83D\uDE00",
      "\033[m",
      "\033]0;t\007",
      "\033P",
      "\033\\"
    };
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = random.nextInt(1, 60); i > 0; i--) {
      if (random.nextInt(8) == 0) {
        bytes.write(random.nextInt(256));
      } else {
        bytes.writeBytes(pieces[random.nextInt(pieces.length)].getBytes(UTF_8));
      }
    }
    return bytes.toByteArray();
  }
}

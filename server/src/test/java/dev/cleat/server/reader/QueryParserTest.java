package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryParserTest {
  private static List<Query> parse(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    List<Query> queries = new ArrayList<>();
    new QueryParser().feed(0, bytes, 0, bytes.length, queries::add);
    return queries;
  }

  @Test
  void allQuestionsAreFoundInOrderWithTheirEnd() {
    assertThat(
            parse(
                "ab\033[c\033[0c\033Z\033[>c\033[=0c\033[>q\033[>0qx\033[5n\033[6n\033[?6n"
                    + "\033[?2026$p\033[4$p\033[14t\033[16t\033[18t\033[19t"))
        .containsExactly(
            new Query.DeviceAttributes(Query.Attributes.PRIMARY, 5),
            new Query.DeviceAttributes(Query.Attributes.PRIMARY, 9),
            new Query.DeviceAttributes(Query.Attributes.PRIMARY, 11),
            new Query.DeviceAttributes(Query.Attributes.SECONDARY, 15),
            new Query.DeviceAttributes(Query.Attributes.TERTIARY, 20),
            new Query.Version(24),
            new Query.Version(29),
            new Query.Status(34),
            new Query.CursorPosition(false, 38),
            new Query.CursorPosition(true, 43),
            new Query.Mode(2026, true, 52),
            new Query.Mode(4, false, 57),
            new Query.Size(Query.Extent.TEXT_PIXELS, 62),
            new Query.Size(Query.Extent.CELL_PIXELS, 67),
            new Query.Size(Query.Extent.TEXT_CELLS, 72),
            new Query.Size(Query.Extent.SCREEN_CELLS, 77));
  }

  @Test
  void questionsInStringsAreFound() {
    assertThat(
            parse(
                "\033]10;?\007\033]11;?\033\\\033]12;?\007\033]4;1;?;200;?\007\033]10;?;?\007"
                    + "\033P$qm\033\\\033P+q544e;524742\033\\"))
        .containsExactly(
            new Query.Color(10, 0, true, 7),
            new Query.Color(11, 0, false, 15),
            new Query.Color(12, 0, true, 22),
            new Query.Color(4, 1, true, 36),
            new Query.Color(4, 200, true, 36),
            new Query.Color(10, 0, true, 45),
            new Query.Color(11, 0, true, 45),
            new Query.Setting(52),
            new Query.Capability("544e;524742", 69));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\033[1c",
        "\033[?c",
        "\033[?1;2c",
        "\033[7n",
        "\033[0n",
        "\033[1;1R",
        "\033[?u",
        "\033[u",
        "\033[2 q",
        "\033[!p",
        "\033[?$p",
        "\033[?99999999$p",
        "\033[8;24;80t",
        "\033[22;0;0t",
        "\033[14;2t",
        "\033]10;#ffffff\007",
        "\033]4;256;?\007",
        "\033]4;x;?\007",
        "\033]104;?\007",
        "\033]52;c;?\007",
        "\033]8;;http://x?\007",
        "\033]?\007",
        "\033P+qnohex\033\\",
        "\033P+q\033\\",
        "\033Pq?\033\\",
        "\033_$qm\033\\",
        "\033]11;?\033[m",
        "\033[6\030n",
        "\033[6\033n",
        "\033[6\u00fcn",
        "[6n",
        "\033]0;\033\\[6n"
      })
  void otherThingsAreNoQuestions(String printed) {
    assertThat(parse(printed)).isEmpty();
  }

  @Test
  void aSequenceThatBreaksOffAnotherCounts() {
    assertThat(parse("\033]0;title\033[6n\033[3\033[5n\033[\n6n"))
        .containsExactly(
            new Query.CursorPosition(false, 13),
            new Query.Status(20),
            new Query.CursorPosition(false, 25));
  }

  @Test
  void tooLongIsNone() {
    assertThat(parse("\033[" + "0".repeat(QueryParser.MAX_SEQUENCE) + "c")).isEmpty();
    assertThat(parse("\033]11;" + "x".repeat(QueryParser.MAX_SEQUENCE) + ";?\007\033[c"))
        .containsExactly(
            new Query.DeviceAttributes(Query.Attributes.PRIMARY, QueryParser.MAX_SEQUENCE + 11));
  }

  @Test
  void itDoesNotMatterInWhatPiecesTheOutputComes() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    String questions = "ü\033[6n\033[cx\033]11;?\033\\漢\033P+q544e\033\\\033[?2004$p\033[>q";
    byte[] bytes = questions.repeat(3).getBytes(UTF_8);
    List<Query> whole = parse(questions.repeat(3));
    assertThat(whole).hasSize(18);
    for (int round = 0; round < 200; round++) {
      QueryParser parser = new QueryParser();
      List<Query> found = new ArrayList<>();
      for (Chunks.Chunk chunk : Chunks.of(bytes.length, 5, random)) {
        parser.feed(chunk.from(), bytes, chunk.from(), chunk.count(), found::add);
      }
      assertThat(found).as("round %d, seed %d", round, seed).isEqualTo(whole);
    }
  }

  @Test
  void whatWasBegunBeforeAGapIsForgotten() {
    QueryParser parser = new QueryParser();
    List<Query> found = new ArrayList<>();
    parser.feed(0, "\033[6".getBytes(UTF_8), 0, 3, found::add);
    parser.feed(10, "n\033[c".getBytes(UTF_8), 0, 4, found::add);

    assertThat(found).containsExactly(new Query.DeviceAttributes(Query.Attributes.PRIMARY, 14));
  }

  @Test
  void outputWithoutQuestionsAllocatesNothing() {
    byte[] output =
        "text \033[31mred\033[0m\033[2;3H\033]0;title\007\033[?2004h\r\n"
            .repeat(1000)
            .getBytes(UTF_8);
    QueryParser parser = new QueryParser();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long offset = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int j = 0; j < 20; j++) {
        parser.feed(offset, output, 0, output.length, query -> {});
        offset += output.length;
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).isLessThan(2000);
  }
}

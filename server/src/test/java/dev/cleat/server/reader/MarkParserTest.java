package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cleat.server.reader.Mark.Kind;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkParserTest {
  private static List<Mark> parse(byte[] bytes) {
    List<Mark> marks = new ArrayList<>();
    new MarkParser().feed(0, bytes, 0, bytes.length, marks::add);
    return marks;
  }

  private static List<Mark> parse(String text) {
    return parse(text.getBytes(UTF_8));
  }

  private static Mark.Shell shell(
      Kind kind, int exitCode, @Nullable String aid, int start, int end) {
    OptionalInt code = exitCode < 0 ? OptionalInt.empty() : OptionalInt.of(exitCode);
    return new Mark.Shell(kind, code, aid, OptionalInt.empty(), start, end);
  }

  @Test
  void marksOfAShellAreFoundWithTheirPlace() {
    String output =
        "ab\033]133;A;aid=x\007$ \033]133;B;aid=x;n=12\033\\ls\r\n"
            + "\033]133;C\007out\033]133;D;130;aid=x\007";

    assertThat(parse(output))
        .containsExactly(
            shell(Kind.PROMPT_START, -1, "x", 2, 16),
            new Mark.Shell(Kind.PROMPT_END, OptionalInt.empty(), "x", OptionalInt.of(12), 18, 38),
            shell(Kind.COMMAND_START, -1, null, 42, 50),
            shell(Kind.COMMAND_END, 130, "x", 53, 71));
  }

  @ParameterizedTest
  @ValueSource(strings = {"A;k=s", "A;k=c", "P;k=c", "P;k=s;aid=x", "A;aid=x;k=s"})
  void secondaryPromptsAreContinuations(String mark) {
    assertThat(parse("\033]133;" + mark + "\007"))
        .singleElement()
        .isInstanceOfSatisfying(
            Mark.Shell.class, shell -> assertThat(shell.kind()).isEqualTo(Kind.CONTINUATION));
  }

  @ParameterizedTest
  @ValueSource(strings = {"D", "D;", "D;abc", "D;-1", "D;99999999999", "D;aid=x", "D;;aid=x"})
  void exitCodeIsAbsentUnlessItIsANumber(String mark) {
    assertThat(parse("\033]133;" + mark + "\007"))
        .singleElement()
        .isInstanceOfSatisfying(Mark.Shell.class, shell -> assertThat(shell.exitCode()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "133",
        "133;",
        "133;X",
        "133;P",
        "133;AA",
        "1337;File=",
        "7;no-url",
        "7;file://host",
        "7;file://h/%zz",
        "7;file://h/%4",
        "7;http://h/x",
        "7;file://h/a%00b",
        "9;",
        "9;4;1;50",
        "9;12",
        "8;;http://x",
        "0",
        "",
        ";",
        "52;c;AAAA"
      })
  void otherSequencesAreNoMarks(String payload) {
    assertThat(parse("\033]" + payload + "\007")).isEmpty();
  }

  @Test
  void directoryTitleAndNotificationAreRead() {
    assertThat(
            parse(
                "\033]7;file://host/a%20b/%C3%BC\007\033]0;title \u00fc"
                    + "\tx\033\\\033]2;\007\033]9;done; really\007"))
        .containsExactly(
            new Mark.Directory("host", "/a b/ü", 0, 29),
            new Mark.Title("title üx", 29, 45),
            new Mark.Title("", 45, 50),
            new Mark.Notification("done; really", 50, 67));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\030", "\032", "\033[m", "\033\033", "\033"})
  void controlsAbortAMark(String abort) {
    assertThat(parse("\033]133;A" + abort + "\007\033]133;B\007"))
        .singleElement()
        .isInstanceOfSatisfying(
            Mark.Shell.class, mark -> assertThat(mark.kind()).isEqualTo(Kind.PROMPT_END));
  }

  @Test
  void markThatInterruptsAnotherHasItsOwnPlace() {
    assertThat(parse("\033]0;never ended\033]133;C\007"))
        .containsExactly(shell(Kind.COMMAND_START, -1, null, 15, 23));
    assertThat(parse("\033\033]133;C\007"))
        .containsExactly(shell(Kind.COMMAND_START, -1, null, 1, 9));
  }

  @Test
  void charactersThatContainC1BytesAreNoControls() {
    // ÝD has 0x9D in it, and the title a character with 0x9C, which would be OSC and ST in Latin-1.
    assertThat(parse("\u075d133;A\007")).isEmpty();
    assertThat(parse("\033]2;a\u071cb\007")).containsExactly(new Mark.Title("a\u071cb", 0, 9));
  }

  @Test
  void longestPayloadIsReadAndALongerOneIgnored() {
    String longest = "2;" + "x".repeat(MarkParser.MAX_PAYLOAD - 2);

    assertThat(parse("\033]" + longest + "\007")).hasSize(1);
    assertThat(parse("\033]" + longest + "y\007\033]133;A\007")).hasSize(1);
    assertThat(parse("\033]" + longest + "y".repeat(1 << 20) + "\033\\\033]133;A\007"))
        .singleElement()
        .isInstanceOf(Mark.Shell.class);
  }

  @Test
  void markIsForgottenWhereTheOutputHasAHole() {
    List<Mark> marks = new ArrayList<>();
    MarkParser parser = new MarkParser();
    byte[] bytes = "\033]133;A\007".getBytes(UTF_8);
    parser.feed(100, bytes, 0, 4, marks::add);
    parser.feed(105, bytes, 4, bytes.length - 4, marks::add);
    assertThat(marks).isEmpty();

    parser.feed(200, bytes, 0, 4, marks::add);
    parser.feed(204, bytes, 4, bytes.length - 4, marks::add);
    assertThat(marks).containsExactly(shell(Kind.PROMPT_START, -1, null, 200, 208));
  }

  @Test
  void anyChunkingGivesTheSameMarks() {
    long seed = new Random().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 300; round++) {
      byte[] bytes = hostile(random);
      List<Mark> marks = new ArrayList<>();
      MarkParser parser = new MarkParser();
      for (Chunks.Chunk chunk : Chunks.of(bytes.length, 1 + random.nextInt(40), random)) {
        parser.feed(chunk.from(), bytes, chunk.from(), chunk.count(), marks::add);
      }
      assertThat(marks).as("seed %d, round %d", seed, round).isEqualTo(parse(bytes));
    }
  }

  @Test
  void marksAreWhereTheySayTheyAre() {
    long seed = new Random().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    int found = 0;
    for (int round = 0; round < 300; round++) {
      byte[] bytes = hostile(random);
      for (Mark mark : parse(bytes)) {
        int start = (int) mark.start();
        int length = (int) (mark.end() - mark.start());
        String sequence = new String(bytes, start, length, ISO_8859_1);
        assertThat(sequence)
            .as("seed %d, round %d", seed, round)
            .matches("(?s)\033][^\033\007]*(\007|\033\\\\)");
        found++;
      }
    }
    assertThat(found).as("seed %d", seed).isPositive();
  }

  private static byte[] hostile(SplittableRandom random) {
    String[] pieces = {
      "\033",
      "]",
      "133;",
      "A",
      "D;0",
      ";aid=x",
      ";n=3",
      "\007",
      "\033\\",
      "\030",
      "\032",
      "2;title",
      "7;file://h/p",
      "text ",
      "\u00fc\u6587",
      "\033[0m",
      "\033]133;C\007",
      "\033]133;D;1;aid=x\033\\",
      "\r\n",
      "\033P",
      "9;note"
    };
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < 60; i++) {
      if (random.nextInt(10) == 0) {
        bytes.write(random.nextInt(256));
      } else {
        bytes.writeBytes(pieces[random.nextInt(pieces.length)].getBytes(UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void bytesOutsideOfMarksAllocateNothing() {
    byte[] bytes =
        "\033[32mplain\033[0m text of a program, \u00fc, \033P string \033\\ and so on\r\n"
            .repeat(1000)
            .getBytes(UTF_8);
    MarkParser parser = new MarkParser();
    List<Mark> marks = new ArrayList<>();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long offset = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int j = 0; j < 20; j++) {
        parser.feed(offset, bytes, 0, bytes.length, marks::add);
        offset += bytes.length;
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(marks).isEmpty();
    // 20 runs over 60 KB; what is allocated is at most the method reference of each call.
    assertThat(least).isLessThan(2000);
  }
}

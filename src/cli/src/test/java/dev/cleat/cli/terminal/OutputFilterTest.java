package dev.cleat.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OutputFilterTest {
  private static final String MIXED =
      "Grüße \033[1;31mred\033[0m\033]0;title\007\033]8;;http://x\033\\link\033]8;;\033\\"
          + "\033(B\033P1;2qdata\033\\\033[?25l\t\r\nend \ud83d\ude00";

  private static String show(OutputFilter filter, String printed) {
    return new String(
        filter.filter(printed.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  private static String undo(OutputFilter filter) {
    return new String(filter.undo(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest(name = "question {index}")
  @ValueSource(
      strings = {
        "\033[c",
        "\033[0c",
        "\033[>c",
        "\033[=0c",
        "\033[5n",
        "\033[6n",
        "\033[?6n",
        "\033[?2026$p",
        "\033[>q",
        "\033[?u",
        "\033[14t",
        "\033[18t",
        "\033]10;?\007",
        "\033]11;?\033\\",
        "\033]4;1;?\007",
        "\033P$qm\033\\",
        "\033P+q544e\033\\",
        "\033Z",
        "\u0005",
        "\033[?4m",
        "\033[?4g",
        "\033[1$w",
        "\033[2$w",
        "\033[1$u",
        "\033[1;1;1;1;10;10*y",
        "\033[&u",
        "\033[\"v",
        "\033[1;1;9;9#|",
        "\033[#R",
        "\033['|",
        "\033]4;1;?;2;#102030\033\\",
        "\033]10;?;#102030\007",
        "\033]21;foreground=?\033\\",
        "\033]52;c;?\033\\",
        "\033]60\033\\",
        "\033]1337;ReportCellSize\007",
        "\033P+Q666f6e74\033\\",
        "\033P@kitty-cmd{\"cmd\":\"ls\"}\033\\",
        "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\",
        "\033_Ga=q,i=1\033\\",
        "\u009b6n",
        "\u009d11;?\u009c",
        "\033]11;?\u009c",
        "\u0090$qm\u009c",
        "\u009a",
        "\033[\u009b6n",
        "\033[6\u007fn"
      })
  void questionsAreKeptBackBecauseTheServerAnswersThem(String question) {
    OutputFilter filter = OutputFilter.forTerminal();

    assertThat(show(filter, "a" + question + "b")).isEqualTo("ab");
  }

  @Test
  void noTerminalFindsAQuestionWhereThereSeemsToBeNone() {
    OutputFilter filter = OutputFilter.forTerminal();

    // Controls are obeyed at once, and the sequence goes on; and a string may end before its end.
    assertThat(show(filter, "\033[6\nn.\033\u0005[c.")).isEqualTo("\n..");
    assertThat(show(filter, "\033]11;?\033[0m.")).isEqualTo("\033[0m.");
    assertThat(show(filter, "\033]0;t\u009b6n\033[6n.")).isEqualTo("\033]0;t\033\\.");
    assertThat(show(filter, "\033P" + "x".repeat(5_000) + "\033[6n[6n."))
        .isEqualTo("\033P" + "x".repeat(5_000) + "\033\\[6n.");
    assertThat(show(filter, "\033[\u00e9" + "6n.")).isEqualTo("\u00e9" + "6n.");
  }

  @ParameterizedTest(name = "question {index}")
  @ValueSource(
      strings = {
        "\033]4;%s1;?\033\\",
        "\033]52;%s;?\007",
        "\033P+q%s544e\033\\",
        "\033P$q%sm\033\\",
        "\033_Ga=q,i=1;%s\033\\",
        "\033_Gi=1,%s,a=q\033\\",
        "\033[%s6n",
        "\033[?%s$p"
      })
  void questionsOfAnyLengthAreKeptBack(String question) {
    OutputFilter filter = OutputFilter.forTerminal();

    assertThat(show(filter, "a" + question.formatted("1".repeat(6_000)) + "b")).isEqualTo("ab");
  }

  @Test
  void picturesAreShownWithoutTheTerminalConfirmingThem() {
    OutputFilter filter = OutputFilter.forTerminal();

    assertThat(show(filter, "\033_Gi=1,a=T,f=100,q=0;AAAA\033\\"))
        .isEqualTo("\033_Gi=1,a=T,f=100,q=0,q=2;AAAA\033\\");
    assertThat(show(filter, "\033_Ga=p,i=1\033\\")).isEqualTo("\033_Ga=p,i=1,q=2\033\\");
    assertThat(show(filter, "\033_G;AA\033\\")).isEqualTo("\033_Gq=2;AA\033\\");
    String data = "A".repeat(5_000);
    assertThat(show(filter, "\033_Gi=1,m=1;" + data + "\033\\."))
        .isEqualTo("\033_Gi=1,m=1,q=2;" + data + "\033\\.");
  }

  @Test
  void everythingElseReachesTheTerminalUnchanged() {
    OutputFilter filter = OutputFilter.forTerminal();

    assertThat(show(filter, MIXED + ".")).isEqualTo(MIXED + ".");
    String more =
        "\033]2;why;?\007\033]8;;http://x/;?a=?b\033\\\033]52;c;"
            + "QUJD".repeat(2_000)
            + "\007\033]10;#102030\007\033[>4;2m\033[4:3m\033[1$r\033[2 q\u00b0\u00ff";
    assertThat(show(filter, more)).isEqualTo(more);
  }

  @Test
  void plainTextHasNoSequencesAndNoControlCharacters() {
    assertThat(show(OutputFilter.plain(), MIXED + "\u0007\u007f\b\u0085\u009b31m."))
        .isEqualTo("Grüße redlink\t\nend \ud83d\ude00.");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void piecesOfAnySizeGiveTheSame(boolean plain) {
    byte[] bytes = (MIXED + "\033[6n\u009b\u00a0").repeat(20).getBytes(StandardCharsets.UTF_8);
    byte[] whole = filter(plain).filter(bytes);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      OutputFilter filter = filter(plain);
      ByteArrayOutputStream shown = new ByteArrayOutputStream();
      for (int from = 0, to; from < bytes.length; from = to) {
        to = Math.min(bytes.length, from + 1 + random.nextInt(9));
        shown.writeBytes(filter.filter(Arrays.copyOfRange(bytes, from, to)));
      }
      assertThat(shown.toByteArray()).as("seed %d", seed).isEqualTo(whole);
    }
  }

  private static OutputFilter filter(boolean plain) {
    return plain ? OutputFilter.plain() : OutputFilter.forTerminal();
  }

  @Test
  void whatWasSwitchedOnIsSwitchedOff() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[?1049h\033[?1;2004;1006h\033[?25l\033=\033[2;10r\033[3 q\033[>1u\033[>1u");

    assertThat(undo(filter))
        .contains("\033[?1049l", "\033[?1l", "\033[?2004l", "\033[?1006l", "\033[?25h", "\033>")
        .contains("\0337\033[r\0338", "\033[0 q", "\033[<2u");
  }

  @Test
  void whatTheServersPictureSwitchesOnIsSwitchedOffToo() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[?66h\033[?45h\033[20h\033[4h\033[2;12l");

    assertThat(undo(filter)).contains("\033>", "\033[?45l", "\033[20l", "\033[4l", "\033[12h");
    assertThat(undo(filter)).doesNotContain("\033[2l");
  }

  @Test
  void keysAreAsTheyWereHoweverTheyWereChanged() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[>4;2m\033[>1u\033[?1049h\033[>7u\033[=5;1u\033[>31u");

    assertThat(undo(filter)).contains("\033[>4m").containsSubsequence("<2u", "?1049l", "<1u");
    show(filter, "\033[<2u\033[=1u");
    assertThat(undo(filter)).containsSubsequence("\033[=0u", "?1049l", "<1u");
    show(filter, undo(filter));
    assertThat(undo(filter)).isEqualTo("\033[0m\033(B\017");
  }

  @Test
  void aSoftResetLeavesTheAlternateScreenAndTheMouseToBeSwitchedOff() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[?1049h\033[?1000h\033[!p");

    assertThat(undo(filter)).contains("\033[?1049l", "\033[?1000l");
  }

  @Test
  void whatTheProgramSwitchedBackItselfIsLeftAlone() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[?25l\033=\033[2;10r\033[>1u\033[>4;1m\033[4h\033[=1u\033[?1049h");
    show(filter, "\033[?1049l\033[?25h\033[?66l\033[r\033[<u\033[>4;0m\033[4l");

    assertThat(undo(filter)).isEqualTo("\033[0m\033(B\017");
  }

  @Test
  void aResetSwitchesEverythingBack() {
    OutputFilter filter = OutputFilter.forTerminal();
    show(filter, "\033[?1049h\033[?1000h\033c");

    assertThat(undo(filter)).isEqualTo("\033[0m\033(B\017");
  }

  @Test
  void anOverlongSequencePassesAndWhatFollowsIsRead() {
    String picture = "\033Pq" + "#0;2;0;0;0~".repeat(1_000) + "\033\\";
    OutputFilter terminal = OutputFilter.forTerminal();

    assertThat(show(terminal, picture + "x\033[6ny")).isEqualTo(picture + "xy");
    assertThat(show(OutputFilter.plain(), picture + "xy")).isEqualTo("xy");
  }

  @Test
  void aSequenceThatIsBrokenOffDoesNotSwallowTheNext() {
    OutputFilter filter = OutputFilter.plain();

    assertThat(show(filter, "\033[12\033[31mred\033]0;title\033[0m.\033[3\u0018x"))
        .isEqualTo("red.x");
  }
}

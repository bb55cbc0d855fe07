package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalAnswersTest {
  /** What is answered to output, the screen drawn up to each question as a session does. */
  private static String answers(TerminalScreen screen, String printed) {
    byte[] bytes = printed.getBytes(UTF_8);
    List<Query> queries = new ArrayList<>();
    new QueryParser().feed(0, bytes, 0, bytes.length, queries::add);
    StringBuilder answers = new StringBuilder();
    int drawn = 0;
    for (Query query : queries) {
      int end = (int) query.end();
      screen.feed(bytes, drawn, end - drawn);
      drawn = end;
      byte[] answer =
          TerminalAnswers.answer(
              query, screen.rows(), screen.columns(), query.needsScreen() ? screen : null);
      answers.append(new String(answer, ISO_8859_1));
    }
    return answers.toString().replace('\033', 'E').replace('\007', 'B');
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "E[c, E[?62;22c",
        "E[>c, E[>0;276;0c",
        "E[=c, EP!|00000000E\\",
        "E[>q, EP>|CleatE\\",
        "E[5n, E[0n",
        "E[18t, E[8;24;80t",
        "E[19t, E[9;24;80t",
        "E[14t, E[4;384;640t",
        "E[16t, E[6;16;8t",
        "E]10;?B, E]10;rgb:ffff/ffff/ffffB",
        "E]11;?E\\, E]11;rgb:0000/0000/0000E\\",
        "E]12;?B, E]12;rgb:ffff/ffff/ffffB",
        "E]4;16;?B, E]4;16;rgb:0000/0000/0000B",
        "E]4;231;?B, E]4;231;rgb:ffff/ffff/ffffB",
        "E]4;208;?E\\, E]4;208;rgb:ffff/8787/0000E\\",
        "EP$qmE\\, EP0$rE\\",
        "EP+q544eE\\, EP0+r544eE\\",
        "E[?u, \"\""
      })
  void questionsAreAnsweredAsXtermWould(String question, String answer) {
    assertThat(
            answers(new TerminalScreen(24, 80), question.replace('E', '\033').replace('B', '\007')))
        .isEqualTo(answer);
  }

  @Test
  void aFenceIsAnsweredAfterTheQuestion() {
    assertThat(answers(new TerminalScreen(24, 80), "\033[3;7H\033[6nab\033[6n\033[c"))
        .isEqualTo("E[3;7RE[3;9RE[?62;22c");
  }

  @Test
  void theCursorIsCountedFromTheScrollRegionWhereTheProgramDoes() {
    assertThat(answers(new TerminalScreen(24, 80), "\033[5;10r\033[?6h\033[2;3H\033[6n\033[?6n"))
        .isEqualTo("E[2;3RE[?2;3R");
    assertThat(answers(new TerminalScreen(2, 5), "12345\033[6n")).isEqualTo("E[1;5R");
  }

  @Test
  void modesAreToldAsTheyAre() {
    assertThat(
            answers(
                new TerminalScreen(24, 80),
                "\033[?2004$p\033[?2004h\033[?2004$p\033[?25$p\033[?1049h\033[?1049$p"
                    + "\033[?2026$p\033[?31337$p\033[4$p\033[4h\033[4$p\033[99$p"))
        .isEqualTo(
            "E[?2004;2$yE[?2004;1$yE[?25;1$yE[?1049;1$yE[?2026;2$yE[?31337;0$y"
                + "E[4;2$yE[4;1$yE[99;0$y");
  }

  @Test
  void withoutAScreenItIsThatOfANewTerminal() {
    assertThat(TerminalAnswers.answer(new Query.CursorPosition(false, 0), 24, 80, null))
        .asString(UTF_8)
        .isEqualTo("\033[1;1R");
    assertThat(TerminalAnswers.answer(new Query.Mode(7, true, 0), 24, 80, null))
        .asString(UTF_8)
        .isEqualTo("\033[?7;1$y");
  }
}

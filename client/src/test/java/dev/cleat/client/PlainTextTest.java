package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is to be seen of output, whatever pieces it comes in. In the sources E is ESC, and names in
 * brackets are other controls.
 */
class PlainTextTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plain été 漢 | plain été 漢",
        "E[31mredE[0m | red",
        "E]0;title[BEL]text | text",
        "E]0;titleE\\text | text",
        "EPa [BEL] stringE\\text | text",
        "E(Btext | text",
        "a[CR][LF]b | a[LF]b",
        "a[CR][CR][LF]b | a[LF]b",
        "10%[CR]20%[CR][LF] | 10%[LF]20%[LF]",
        "[CR]a | a",
        "a[BS]b[NUL] | ab",
        "E[3[CAN]1mtext | 1mtext",
        "a[TAB]b | a[TAB]b",
        "E[3[LF]1mtext | [LF]text",
        "a[C1]31mb | a31mb"
      })
  void sequencesAndControlsAreGone(String written, String seen) {
    String text = controls(written);
    assertThat(new PlainText().strip(text)).isEqualTo(controls(seen));
    for (int cut = 0; cut <= text.length(); cut++) {
      PlainText plain = new PlainText();
      assertThat(plain.strip(text.substring(0, cut)) + plain.strip(text.substring(cut)))
          .isEqualTo(controls(seen));
    }
  }

  private static String controls(String text) {
    return text.replace("E[", "\033[")
        .replace("E]", "\033]")
        .replace("E(", "\033(")
        .replace("EP", "\033P")
        .replace("E\\", "\033\\")
        .replace("[BEL]", "\007")
        .replace("[CR]", "\r")
        .replace("[LF]", "\n")
        .replace("[BS]", "\b")
        .replace("[TAB]", "\t")
        .replace("[NUL]", "\0")
        .replace("[CAN]", "\030")
        .replace("[C1]", "\u009b");
  }
}

package dev.cleat.server.tool.agent;

import static dev.cleat.v1.Event.KindCase.AGENT_TEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainOutputTest {
  private static Heard hear(@Nullable String token, byte[] bytes, int... cuts) {
    Pattern pattern = token == null ? null : Pattern.compile(token);
    return Heard.of(listener -> OutputForm.PLAIN.reader(listener, pattern), bytes, cuts);
  }

  private static List<String> tokens(String token, String text) {
    return hear(token, text.getBytes(UTF_8)).tokens();
  }

  @Test
  void textAndTokenAreTheSameHoweverItIsCut() {
    byte[] bytes =
        ("\u001b]0;title\u0007\u001b[1;32mgrüße\u001b[0m 👋\r\n\u001b(Bsession: ab-12\nsession: "
                + "zz\n€\u001bP1\u001b\\.")
            .getBytes(UTF_8);
    String expected = "grüße 👋\r\nsession: ab-12\nsession: zz\n€.";
    for (int cut = 0; cut <= bytes.length; cut++) {
      for (int second = cut; second <= bytes.length; second++) {
        Heard heard = hear("session: (\\S+)", bytes, cut, second);
        assertThat(heard.text()).as("cut at %d and %d", cut, second).isEqualTo(expected);
        assertThat(heard.tokens()).as("cut at %d and %d", cut, second).containsExactly("ab-12");
        assertThat(heard.kinds()).containsOnly(AGENT_TEXT);
      }
    }
  }

  @Test
  void whatIsNotUtf8IsReplacedAndNothingIsLost() {
    byte[] bytes = {'a', (byte) 0xff, 'b', (byte) 0xe2, (byte) 0x82};
    assertThat(hear(null, bytes).text()).isEqualTo("a\ufffdb\ufffd");
    assertThat(hear(null, bytes).outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void muchTextComesWhole() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    random
        .ints(60_000, ' ', 0x1F680)
        .filter(c -> c < 0x80 || c > 0x9f)
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
        .forEach(text::appendCodePoint);
    byte[] bytes = text.toString().getBytes(UTF_8);
    int[] cuts = random.ints(50, 0, bytes.length).sorted().toArray();
    assertThat(hear("no (such) token", bytes, cuts).text())
        .as("seed %d", seed)
        .isEqualTo(text.toString());
  }

  @Test
  void sequenceThatDoesNotEndTakesNoMoreThanItsLine() {
    assertThat(hear(null, "a\u001b]8;;b\nc\u001b[12\nd\u001b".getBytes(UTF_8)).text())
        .isEqualTo("a\nc\nd");
  }

  @ParameterizedTest
  @CsvSource({
    "id=(\\w+), xx id=abc, abc",
    "id=\\w+, xx id=abc, id=abc",
    "^id=(\\w+), id=abc, abc",
    "id=(\\w+)$, id=abc, abc"
  })
  void tokenAtTheEndIsFound(String pattern, String text, String token) {
    assertThat(tokens(pattern, text)).containsExactly(token);
  }

  @Test
  void startOfTheTextIsNotTheStartOfAWindow() {
    assertThat(tokens("^(x)", ".\n" + "x".repeat(20_000))).isEmpty();
    assertThat(tokens("(?m)^(y)", "x\n".repeat(20_000) + "y\n")).containsExactly("y");
  }

  @Test
  void matchIsLookedForInTheLast4KiCharacters() {
    assertThat(tokens("(?s)(a.*b)\n", "a" + "-".repeat(4000) + "b\n")).hasSize(1);
    assertThat(tokens("(?s)(a.*b)\n", "a" + "-".repeat(4100) + "b\n")).isEmpty();
  }

  @Test
  void oneLineMoreIsNotOneSearchMore() {
    String window = "x".repeat(4096);
    assertThat(tokens("(?s)x.*(z)", window + "\n".repeat(1 << 18) + "z.")).isEmpty();
    assertThat(tokens("(z)", "\n".repeat(1 << 18) + "z\n")).containsExactly("z");
  }

  @Test
  void patternThatWouldBacktrackForEverIsAsQuickAsAnyOther() {
    String slow = "(?:(?:x+)(?:x+)(?:x+)(?:x+))+y|(z)\n";
    String bad = "x".repeat(1500) + "\n";
    assertThat(tokens(slow, bad.repeat(1000) + "z\n.")).containsExactly("z");
  }
}

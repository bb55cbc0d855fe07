package dev.cleat.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DetachKeysTest {
  private static String type(DetachKeys keys, String typed) {
    byte[] bytes = typed.getBytes(StandardCharsets.ISO_8859_1);
    return new String(keys.typed(bytes, bytes.length), StandardCharsets.ISO_8859_1);
  }

  @Test
  void everythingElseIsForwarded() {
    DetachKeys keys = DetachKeys.of("ctrl-p,ctrl-q");

    assertThat(type(keys, "abc\u0000\u00ff\u0011")).isEqualTo("abc\u0000\u00ff\u0011");
    assertThat(keys.pressed()).isFalse();
    assertThat(keys.holding()).isFalse();
  }

  @Test
  void theKeysDetachAlsoInPiecesAndWhatFollowsIsDropped() {
    DetachKeys keys = DetachKeys.of("ctrl-\\,ctrl-\\");

    assertThat(type(keys, "before\u001c")).isEqualTo("before");
    assertThat(keys.holding()).isTrue();
    assertThat(keys.pressed()).isFalse();
    assertThat(type(keys, "\u001cafter")).isEmpty();
    assertThat(keys.pressed()).isTrue();
    assertThat(type(keys, "more")).isEmpty();
    assertThat(keys.release()).isEmpty();
  }

  @Test
  void aBeginningThatIsNotFinishedIsForwarded() {
    DetachKeys keys = DetachKeys.of("ctrl-p,ctrl-q");

    assertThat(type(keys, "\u0010x")).isEqualTo("\u0010x");
    assertThat(type(keys, "\u0010")).isEmpty();
    assertThat(keys.release()).containsExactly(0x10);
    assertThat(keys.holding()).isFalse();
    assertThat(type(keys, "\u0010\u0010\u0011")).isEqualTo("\u0010");
    assertThat(keys.pressed()).isTrue();
  }

  @Test
  void aSequenceThatBeginsWithinItselfIsFound() {
    DetachKeys keys = DetachKeys.of("a,a,b");

    assertThat(type(keys, "aaab")).isEqualTo("a");
    assertThat(keys.pressed()).isTrue();
  }

  @Test
  void noneNeverDetaches() {
    DetachKeys keys = DetachKeys.of("none");

    assertThat(type(keys, "\u001c\u001c")).isEqualTo("\u001c\u001c");
    assertThat(keys.pressed()).isFalse();
    assertThat(keys.shown()).isEmpty();
  }

  @Test
  void theyAreShownAsOnTheKeyboard() {
    assertThat(DetachKeys.of("ctrl-\\,ctrl-a,d").shown()).isEqualTo("Ctrl-\\ Ctrl-A d");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "ctrl-", "ctrl-1", "ctrl-ä", "ab", "ctrl-a,"})
  void whatIsNoKeyIsRefused(String text) {
    assertThatThrownBy(() -> DetachKeys.of(text)).isInstanceOf(IllegalArgumentException.class);
  }

  /** Kitty's keyboard protocol, with and without its options, and modifyOtherKeys of xterm. */
  @ParameterizedTest(name = "{index}")
  @CsvSource(
      delimiter = ' ',
      value = {
        "ctrl-\\ 92;5u",
        "ctrl-\\ 92;5:1u",
        "ctrl-\\ 92;5:2u",
        "ctrl-\\ 92:124;5u",
        "ctrl-\\ 92::92;5u",
        "ctrl-\\ 92;69u",
        "ctrl-\\ 92;197:1u",
        "ctrl-\\ 27;5;92~",
        "ctrl-\\ 27;133;92~",
        "ctrl-\\ 52;5u",
        "ctrl-p 112;5u",
        "ctrl-p 112:80;5:1u",
        "ctrl-p 27;5;112~",
        "ctrl-p 27;69;80~",
        "ctrl-@ 50;6u",
        "ctrl-@ 50:64;6u",
        "ctrl-@ 27;6;64~",
        "ctrl-^ 54:94;6u",
        "ctrl-_ 45;6u",
        "ctrl-_ 47;5u",
        "ctrl-] 93;5u",
        "d 100u",
        "d 100;1:1u",
        "d 100;;100u",
        "D 100;2u",
        "D 100:68;2u",
        "D 100;65u",
        "! 49:33;2u",
        "! 49;2;33u"
      })
  void keysAreFoundAsTerminalsSendThemToProgramsThatAsk(String key, String sent) {
    String sequence = "\033[" + sent;
    for (int split = 0; split < 2 * sequence.length(); split++) {
      DetachKeys keys = DetachKeys.of(key + "," + key);
      String typed = sequence + sequence;

      assertThat(type(keys, "x" + typed.substring(0, split))).isEqualTo("x");
      assertThat(type(keys, typed.substring(split) + "more")).isEmpty();
      assertThat(keys.pressed()).as("split at %d", split).isTrue();
    }
  }

  @Test
  void bothFormsMayBeMixedAndWhatIsLetGoInBetweenDoesNotMatter() {
    DetachKeys keys = DetachKeys.of("ctrl-\\,d");

    assertThat(type(keys, "\033[57442;5u\033[92;5u\033[92;5:3u\033[57442;1:3u"))
        .isEqualTo("\033[57442;5u");
    assertThat(keys.holding()).isTrue();
    assertThat(type(keys, "d")).isEmpty();
    assertThat(keys.pressed()).isTrue();
  }

  @ParameterizedTest(name = "{index}")
  @ValueSource(
      strings = {
        "\033[92;5:3u\033[92;5:3u",
        "\033[92;7u\033[92;7u",
        "\033[92u\033[92u",
        "\033[27;5u",
        "\033[5~\033[92~\033[92;5~",
        "\033[A\033[1;5A\033OP\033\033[B",
        "\033[92;5;u;",
        "\033[999999999999999999999999999999999999999999999999999999999999999999999999;5u",
        "\033[99999999999;5u",
        "\033[u\033[~\033[;u\033[::::u",
        "\033x\033]11;rgb:0000/0000/0000\007",
        "\033[?62;c\033[200~\033[92;\033[201~"
      })
  void otherSequencesPassUnchanged(String typed) {
    DetachKeys keys = DetachKeys.of("ctrl-\\,ctrl-\\");

    assertThat(type(keys, typed + ".")).isEqualTo(typed + ".");
    assertThat(keys.holding()).isFalse();
    for (int split = 0; split < typed.length(); split++) {
      String first = type(keys, typed.substring(0, split));
      assertThat(first + type(keys, typed.substring(split) + ".")).isEqualTo(typed + ".");
    }
    assertThat(keys.pressed()).isFalse();
  }

  @Test
  void whatIsHeldBackIsGivenAsItCame() {
    DetachKeys keys = DetachKeys.of("ctrl-\\,ctrl-\\");

    assertThat(type(keys, "\033[92;5u\033[92;5:3ux")).isEqualTo("\033[92;5u\033[92;5:3ux");
    assertThat(type(keys, "\033[92;5u\033[92;5:3u\033[9")).isEmpty();
    assertThat(keys.amidSequence()).isFalse();
    assertThat(new String(keys.release(), StandardCharsets.ISO_8859_1))
        .isEqualTo("\033[92;5u\033[92;5:3u\033[9");
    assertThat(type(keys, "\033")).isEmpty();
    assertThat(keys.amidSequence()).isTrue();
    assertThat(keys.release()).containsExactly(0x1b);
    assertThat(keys.holding()).isFalse();
  }

  @Test
  void escapeItselfMayBeOneOfTheKeys() {
    DetachKeys keys = DetachKeys.of("ctrl-[,d");

    assertThat(type(keys, "\033[A\033[91;5ux")).isEqualTo("\033[A\033[91;5ux");
    assertThat(type(keys, "\033")).isEmpty();
    assertThat(keys.amidSequence()).isFalse();
    assertThat(type(keys, "d")).isEmpty();
    assertThat(keys.pressed()).isTrue();
  }
}

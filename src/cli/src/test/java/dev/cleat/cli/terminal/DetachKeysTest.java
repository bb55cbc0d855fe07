package dev.cleat.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
}

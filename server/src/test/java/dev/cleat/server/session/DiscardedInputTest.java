package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.InputRange;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiscardedInputTest {
  private final DiscardedInput discarded = new DiscardedInput();

  private List<String> ranges() {
    return discarded.ranges().stream().map(DiscardedInputTest::text).toList();
  }

  private static String text(InputRange range) {
    return range.getFirstSeq() + "-" + range.getLastSeq();
  }

  private void add(long... numbers) {
    for (long number : numbers) {
      discarded.add(number);
    }
  }

  private List<String> toldFrom(long from, long to) {
    final List<String> told = new ArrayList<>();
    discarded.tell(
        new Client.Listener() {
          @Override
          public void acked(long inputSeq, boolean thrownAway) {
            told.add(inputSeq + (thrownAway ? " discarded" : ""));
          }

          @Override
          public void replaced() {}

          @Override
          public void room() {}

          @Override
          public void over() {}
        },
        from,
        to);
    return told;
  }

  @Test
  void numbersInARowAreOneRangeAndTheNewestRangesAreKept() {
    add(2, 3, 7);
    assertThat(ranges()).containsExactly("2-3", "7-7");
    for (long number = 9; number < 9 + 2 * 15; number += 2) {
      add(number);
    }
    assertThat(ranges()).hasSize(16).startsWith("7-7", "9-9").endsWith("37-37");
  }

  @Test
  void everythingIsAcknowledgedAgainAsItWas() {
    add(2, 3, 7);
    assertThat(toldFrom(1, 9)).containsExactly("1", "3 discarded", "6", "7 discarded", "9");
    assertThat(toldFrom(3, 7)).containsExactly("3 discarded", "6", "7 discarded");
    assertThat(toldFrom(4, 7)).containsExactly("6", "7 discarded");
    assertThat(toldFrom(8, 8)).containsExactly("8");
  }

  @Test
  void onlyWhatNothingCameBehindCanBeForgotten() {
    add(2, 3, 7, 8);
    assertThat(discarded.endsWith(2, 8)).isFalse();
    assertThat(discarded.endsWith(7, 9)).isFalse();
    assertThat(discarded.endsWith(6, 8)).isFalse();
    assertThat(discarded.endsWith(8, 8)).isTrue();
    discarded.forgetFrom(8);
    assertThat(ranges()).containsExactly("2-3", "7-7");
    assertThat(discarded.has(8)).isFalse();
    discarded.forgetFrom(7);
    assertThat(ranges()).containsExactly("2-3");
  }
}

package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RewindTest {
  private final Rewind rewind = new Rewind(100);

  @Test
  void whatIsWholeNeedNotBeReadAgain() {
    assertThat(rewind.before(7)).isEqualTo(7);
    rewind.fed(8, 0);
    rewind.whole();
    assertThat(rewind.before(8)).isEqualTo(8);
  }

  @Test
  void whatWasBegunIsReadFromItsFirstEvent() {
    rewind.fed(8, 1000);
    rewind.fed(9, 1010);
    assertThat(rewind.before(9)).isEqualTo(7);
  }

  @Test
  void noMoreThanTheLongestThingIsReadAgain() {
    for (int i = 0; i < 1000; i++) {
      rewind.fed(10 + i, 60L * i);
      final long again = rewind.before(10 + i) + 1;
      final long bytesAgain = 60L * (10 + i - again);
      assertThat(bytesAgain).isBetween(Math.min(60L * i, 100), 300L);
    }
  }

  @Test
  void anEventLongerThanTheLongestThingIsReadAgainAlone() {
    rewind.fed(10, 0);
    rewind.fed(11, 5000);
    rewind.fed(12, 10_000);
    assertThat(rewind.before(12)).isEqualTo(10);
  }
}

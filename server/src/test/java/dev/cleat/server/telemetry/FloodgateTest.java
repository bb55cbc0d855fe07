package dev.cleat.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloodgateTest {
  private static final long SECOND = 1_000_000_000;

  private final List<Runnable> later = new ArrayList<>();
  private final List<Long> said = new ArrayList<>();
  private long now = Long.MAX_VALUE - SECOND / 2; // It goes over the edge, as it may.
  private final Floodgate gate = new Floodgate(3, () -> now, later::add, said::add);

  private int passed(int offered) {
    int passed = 0;
    for (int i = 0; i < offered; i++) {
      passed += gate.passes() ? 1 : 0;
    }
    return passed;
  }

  @Test
  void letsSoManyThroughEachSecondAndSaysOnceHowManyItDidNot() {
    assertThat(passed(10)).isEqualTo(3);
    assertThat(later).hasSize(1);
    now += SECOND - 1;
    assertThat(passed(5)).isZero();
    assertThat(later).as("said already that it will be said").hasSize(1);
    now++;
    later.removeFirst().run();
    assertThat(said).containsExactly(12L);
    assertThat(passed(4)).isEqualTo(3);
    assertThat(later).hasSize(1);
    gate.say();
    later.removeFirst().run();
    assertThat(said).as("at the end at once, and not twice").containsExactly(12L, 1L);
  }

  @Test
  void saysNothingWhereNothingIsLeftOut() {
    assertThat(passed(3)).isEqualTo(3);
    now += SECOND;
    assertThat(passed(3)).isEqualTo(3);
    gate.say();
    assertThat(later).isEmpty();
    assertThat(said).isEmpty();
  }
}

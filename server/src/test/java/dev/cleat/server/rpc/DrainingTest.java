package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.session.Refusal;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DrainingTest {
  private final Draining draining = new Draining(Duration.ZERO);

  @Test
  void whatWasLetInBeforeIsWaitedForUntilItHasBegun() throws Exception {
    final String answer =
        draining.begin(() -> {
          draining.quiesce();
          assertThat(draining.isBeginning()).isTrue();
          return "begun";
        });

    assertThat(answer).isEqualTo("begun");
    assertThat(draining.isBeginning()).isFalse();
  }

  @Test
  void whatComesLaterIsRefusedAndNotWaitedFor() {
    draining.quiesce();

    assertThatThrownBy(() -> draining.begin(() -> "begun")).isInstanceOf(Refusal.class);
    assertThat(draining.isBeginning()).isFalse();
  }

  @Test
  void whatFailsIsNotWaitedFor() {
    assertThatThrownBy(() ->
            draining.begin(() -> {
              throw new IllegalStateException("on purpose");
            }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(draining.isBeginning()).isFalse();
  }
}

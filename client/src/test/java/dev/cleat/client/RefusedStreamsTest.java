package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Calls that are reset before they began, as a server does that has too many. */
class RefusedStreamsTest {

  private static CleatClientBuilder quick(RefusingServer server) {
    return CleatClient.builder()
        .target(server.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20));
  }

  @Test
  void inputThatWasRefusedIsTypedWhenThereIsRoom() throws Exception {
    try (RefusingServer server = new RefusingServer(3);
        CleatClient client = quick(server).build()) {
      LoopbackServer.session(client).sendInput(new byte[] {1});
      assertThat(server.calls()).isEqualTo(4);
    }
  }

  @Test
  void whatMustNotBeDoneTwiceIsAskedForAgain() throws Exception {
    try (RefusingServer server = new RefusingServer(3);
        CleatClient client = quick(server).build()) {
      LoopbackServer.session(client).interrupt();
      assertThat(server.calls()).isEqualTo(4);
    }
  }

  @Test
  void inputThatIsStillRefusedIsNotInDoubt() throws Exception {
    try (RefusingServer server = new RefusingServer(Integer.MAX_VALUE);
        CleatClient client = quick(server).retryFor(Duration.ZERO).build()) {
      assertThatThrownBy(() -> LoopbackServer.session(client).sendInput(new byte[] {1}))
          .isInstanceOf(CleatException.class)
          .isNotInstanceOf(InputUncertainException.class);
      assertThat(server.calls()).isEqualTo(1);
    }
  }
}

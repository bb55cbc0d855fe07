package dev.cleat.cli;

import static dev.cleat.cli.Intercepted.pass;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.FakeAgent;
import io.grpc.ServerInterceptor;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens while a server has not answered yet. */
final class SlowServerTest {
  private final FakeAgent agent = AgentServer.acp();

  @Test
  void ctrlCWhileThePromptIsOnItsWayCancelsTheTurn(@TempDir Path folder) throws Exception {
    agent.will(play -> play.asks("a", "make").awaitAnswer("a"));
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch pressed = new CountDownLatch(1);
    ServerInterceptor slow =
        Intercepted.before(
            "SendPrompt",
            request -> {
              arrived.countDown();
              pass(pressed);
            });
    try (AgentServer server = new AgentServer(agent, slow);
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      pass(arrived);
      person.type("\u0003");
      person.awaitShown("^C");
      pressed.countDown();

      assertThat(person.awaitEnd()).isEqualTo(130);
      assertThat(server.run("turns", "s").ok().out()).contains("cancelled");
      person.assertRestored();
    }
  }
}

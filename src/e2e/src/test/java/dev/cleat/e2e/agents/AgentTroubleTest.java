package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model in trouble: the turn says so in words a person can act on, and the session goes on. */
@RealAgents
@Order(RealAgents.LONG)
class AgentTroubleTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private ServerProcess server() throws Exception {
    return servers.start(folder.resolve("data"));
  }

  private NewSession of(Agent agent, AgentHome home, PromptWay way) {
    return AgentSessions.of(servers, agent, home, way);
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void refusalsFailTheTurn(Agent agent, PromptWay way) throws Exception {
    try (CleatClient cleat = server().client()) {
      Session session =
          cleat.create(of(agent, agent.home(folder, model, AgentHome.Asks.NEVER), way));
      for (Reply refusal :
          List.of(
              Reply.error(529, "too busy for you", Map.of("retry-after-ms", "10")),
              Reply.error(429, "too much of it", Map.of("retry-after", "1")),
              Reply.error(429, "far too much"))) {
        model.otherwise(request -> refusal);
        Reply.Failure failure = (Reply.Failure) refusal.steps().getFirst();
        if (triesForMinutes(agent, failure)) {
          assertAsksUntilItsTimeIsOver(session, 2, 10);
        } else {
          // Codex says the code only where that has a name.
          assertThat(failed(session).statusMessage())
              .containsAnyOf(failure.message(), failure.status() + " Too Many Requests");
        }
        assertGoesOn(session);
      }
    }
  }

  /** OpenCode goes on with longer and longer pauses, and says nothing, where no header stops it. */
  private static boolean triesForMinutes(Agent agent, Reply.Failure failure) {
    return agent == Agent.OPENCODE && failure.headers().isEmpty();
  }

  private static Turn failed(Session session) {
    Turn failed = session.prompt("Well?");
    assertThat(failed.state()).as("%s", failed.raw()).isEqualTo(Turn.State.FAILED);
    return failed;
  }

  /**
   * Its turn is under way until its time is over, and the model is asked so often in it. On a
   * machine that has much else to do the agent needs more time to come so far.
   */
  private void assertAsksUntilItsTimeIsOver(Session session, int times, int seconds) {
    int before = model.turns().size();
    assertTimesOut(session, seconds);
    if (model.turns().size() < before + times) {
      assertThat(seconds).as("seconds for %d requests", times).isLessThan(100);
      assertAsksUntilItsTimeIsOver(session, times, 2 * seconds);
    }
  }

  private static void assertTimesOut(Session session, int seconds) {
    Turn late = session.prompt(Prompt.of("Well?").timeout(Duration.ofSeconds(seconds)));
    assertThat(late.state()).as("%s", late.raw()).isEqualTo(Turn.State.TIMED_OUT);
    assertThat(late.statusMessage())
        .startsWith("it did not end within its timeout of %d s".formatted(seconds));
  }

  private void assertGoesOn(Session session) {
    model.otherwise(request -> Reply.text("Here again."));
    assertThat(succeeded(session.prompt("Are you there?")).answer()).endsWith("Here again.");
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void answerThatIsCutOffIsNoSuccess(Agent agent, PromptWay way) throws Exception {
    try (CleatClient cleat = server().client()) {
      Session session =
          cleat.create(of(agent, agent.home(folder, model, AgentHome.Asks.NEVER), way));
      model.otherwise(request -> Reply.text("Half of").thenCut());
      if (agent == Agent.OPENCODE) {
        // It tries again without end.
        assertAsksUntilItsTimeIsOver(session, 1, 15);
      } else {
        assertThat(failed(session).statusMessage())
            .containsAnyOf("Connection", "disconnected", "terminated");
      }
      assertGoesOn(session);
    }
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void silenceEndsAtTheTimeout(Agent agent, PromptWay way) throws Exception {
    try (CleatClient cleat = server().client()) {
      Session session =
          cleat.create(of(agent, agent.home(folder, model, AgentHome.Asks.NEVER), way));
      model.otherwise(request -> Reply.silent(Duration.ofMinutes(5)));
      assertTimesOut(session, 3);
      assertGoesOn(session);
    }
  }
}

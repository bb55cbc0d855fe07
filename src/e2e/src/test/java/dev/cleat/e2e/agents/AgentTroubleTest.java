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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model in trouble: the turn says so in words a person can act on, and the session goes on. */
@RealAgents
class AgentTroubleTest {
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final String TOO_LONG = "it did not end within its timeout of ";

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private ModelApi model;

  @BeforeEach
  void startModel() throws Exception {
    model = ModelApi.start();
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

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
        Turn failed = session.prompt(Prompt.of("Well?").timeout(PATIENCE));

        assertThat(failed.state())
            .as("%s", failed.raw())
            .isEqualTo(triesForMinutes(agent, failure) ? Turn.State.TIMED_OUT : Turn.State.FAILED);
        if (failed.state() == Turn.State.FAILED) {
          // Codex says the code only where that has a name.
          assertThat(failed.statusMessage())
              .containsAnyOf(failure.message(), failure.status() + " Too Many Requests");
        } else {
          assertThat(failed.statusMessage()).startsWith(TOO_LONG);
        }
        assertGoesOn(session);
      }
    }
  }

  /** OpenCode goes on with longer and longer pauses, and says nothing, where no header stops it. */
  private static boolean triesForMinutes(Agent agent, Reply.Failure failure) {
    return agent == Agent.OPENCODE && failure.headers().isEmpty();
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
      Turn cut = session.prompt(Prompt.of("Well?").timeout(PATIENCE));

      // OpenCode tries again and again.
      boolean forMinutes = agent == Agent.OPENCODE;
      assertThat(cut.state())
          .as("%s", cut.raw())
          .isEqualTo(forMinutes ? Turn.State.TIMED_OUT : Turn.State.FAILED);
      if (forMinutes) {
        assertThat(cut.statusMessage()).startsWith(TOO_LONG);
      } else {
        assertThat(cut.statusMessage()).containsAnyOf("Connection", "disconnected", "terminated");
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
      Turn silent = session.prompt(Prompt.of("Well?").timeout(Duration.ofSeconds(3)));

      assertThat(silent.state()).isEqualTo(Turn.State.TIMED_OUT);
      assertThat(silent.statusMessage()).startsWith(TOO_LONG + "3 s");
      assertGoesOn(session);
    }
  }
}

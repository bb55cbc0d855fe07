package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.awaitQuestion;
import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.AgentMode;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionSettings;
import dev.cleat.client.Turn;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The modes of the real agents do what they are named after. */
@RealAgents
@Order(RealAgents.LONG)
class AgentModesTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private CleatClient client() throws Exception {
    return servers.start(folder.resolve("data")).client();
  }

  private NewSession of(Agent agent, AgentHome home) {
    return AgentSessions.of(servers, agent, home, PromptWay.ACP);
  }

  @ParameterizedTest
  @CsvSource({"CLAUDE, bypassPermissions", "CODEX, agent-full-access", "GEMINI, yolo"})
  void agentAsksUntilItsModeSaysOtherwise(Agent agent, String free) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    String command = "printf made > made.txt && echo written";
    model.reply(agent.asksToRun(command));
    model.otherwise(
        request -> request.continuesATurn() ? Reply.text("Done.") : agent.runs(command));
    try (CleatClient cleat = client()) {
      Session session = cleat.create(of(agent, home));
      RunningTurn denied = session.start(Prompt.of("Write it."));
      session.resolve(awaitQuestion(session).deny());
      assertThat(denied.await().ended()).isTrue();
      assertThat(made).doesNotExist();
      assertThat(session.refresh().agentModes()).extracting(AgentMode::id).contains(free);
      assertThat(session.refresh().currentAgentMode()).isNotEqualTo(free);

      CleatException refused =
          catchThrowableOfType(
              CleatException.class,
              () -> session.update(new SessionSettings().agentMode("nonesuch")));
      assertThat(refused.reason()).isEqualTo("UNKNOWN_MODE");
      assertThat(refused).hasMessageContaining(free);

      session.update(new SessionSettings().agentMode(free));
      assertThat(succeeded(session.prompt("Do write it.")).answer()).endsWith("Done.");
      assertThat(made).hasContent("made");
      assertThat(session.refresh().currentAgentMode()).isEqualTo(free);
    }
  }

  @Test
  void modelIsToldOfTheModeThatASessionBeginsIn() throws Exception {
    AgentHome home = Agent.OPENCODE.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("A plan."), Reply.text("Done."));
    try (CleatClient cleat = client()) {
      Session session = cleat.create(of(Agent.OPENCODE, home).agentMode("plan"));
      succeeded(session.prompt("Write it."));
      assertThat(model.awaitTurn(1).prompts())
          .anyMatch(prompt -> prompt.contains("Plan Mode - System Reminder"));

      session.update(new SessionSettings().agentMode("build"));
      succeeded(session.prompt("Do write it."));
      assertThat(model.awaitTurn(2).prompts())
          .anyMatch(prompt -> prompt.contains("mode has changed from plan to build"));
    }
  }

  @Test
  void modeThatTheAgentDoesNotHaveGetsNoPrompt() throws Exception {
    AgentHome home = Agent.OPENCODE.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = client()) {
      Turn turn = cleat.create(of(Agent.OPENCODE, home).agentMode("nonesuch")).prompt("Write it.");
      assertThat(turn.state()).isEqualTo(Turn.State.FAILED);
      assertThat(turn.statusMessage()).contains("no mode 'nonesuch'", "build, plan");
    }
    assertThat(model.turns()).isEmpty();
  }

  @Test
  void acceptedPlanLeavesTheModeForGood() throws Exception {
    AgentHome home = Agent.CLAUDE.home(folder, model, AgentHome.Asks.ALWAYS);
    model.reply(Reply.tool("ExitPlanMode", Map.of("plan", "Write it.")));
    model.otherwise(request -> Reply.text("Done."));
    try (CleatClient cleat = client()) {
      Session session = cleat.create(of(Agent.CLAUDE, home).agentMode("plan"));
      RunningTurn turn = session.start(Prompt.of("Plan it."));
      session.resolve(awaitQuestion(session).allow());
      succeeded(turn.await());
      String left = session.refresh().currentAgentMode();
      assertThat(left).isNotEqualTo("plan");
      assertThat(session.refresh().agentMode()).isEqualTo(left);

      succeeded(session.prompt("Do it."));
      assertThat(session.refresh().currentAgentMode()).isEqualTo(left);
    }
  }
}

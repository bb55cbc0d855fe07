package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.PromptWay;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionSettings;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A real agent calls the model that its session names, and tells it the role that it has. */
@RealAgents
class AgentRolesTest {
  private static final String ROLE = "a \"strict\" reviewer of [code] = {x}";

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  static Stream<Arguments> thatCanBeTold() {
    return Stream.of(Agent.CLAUDE, Agent.CODEX)
        .flatMap(agent ->
            Stream.of(PromptWay.ACP, PromptWay.HEADLESS, PromptWay.TERMINAL)
                .map(way -> Arguments.of(agent, way)));
  }

  /** By variables, words or a document, as its entry in the catalogue comes. */
  @ParameterizedTest
  @MethodSource("thatCanBeTold")
  void roleAndEndpointAreToldAtEachStart(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    try (ModelApi ofSession = ModelApi.start();
        CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      ofSession.otherwise(request -> Reply.text("I do."));
      Session session =
          cleat.create(
              AgentSessions.of(servers, agent, home, way)
                  .role(ROLE)
                  .endpoint(ofSession.url() + (agent == Agent.CODEX ? "/v1" : "")));
      succeeded(session.prompt("Who are you?"));
      assertTold(ofSession, ROLE);
      if (keepsToItsFirst(agent, way)) {
        // Else it would begin another conversation.
        Await.until("its own session is known", () -> !session.refresh().resumeToken().isEmpty());
      }

      session.update(new SessionSettings().role("a poet"));
      session.restart();
      succeeded(session.prompt("And now?"));
      assertTold(ofSession, keepsToItsFirst(agent, way) ? ROLE : "a poet");
    }
    assertThat(model.turns()).isEmpty();
  }

  /** What a conversation began with stays a part of it. */
  private static boolean keepsToItsFirst(Agent agent, PromptWay way) {
    return agent == Agent.CODEX || way == PromptWay.ACP;
  }

  private static void assertTold(ModelApi model, String role) {
    assertThat(model.lastTurn().body().findValuesAsText("text"))
        .anySatisfy(text -> assertThat(text).contains("Your role: " + role));
  }

  @ParameterizedTest
  @EnumSource(names = {"OPENCODE", "GEMINI"})
  void agentThatCannotBeToldDoesNotBeginWithoutIt(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      NewSession headless = AgentSessions.of(servers, agent, home, PromptWay.HEADLESS).role(ROLE);
      CleatException refusal =
          catchThrowableOfType(CleatException.class, () -> cleat.create(headless));
      assertThat(refusal.reason()).isEqualTo("TOOL_NOT_SUPPORTED");

      Session acp = cleat.create(AgentSessions.of(servers, agent, home, PromptWay.ACP).role(ROLE));
      Await.until("it ends", () -> acp.refresh().state() != SessionInfo.State.RUNNING);
      assertThat(acp.info().raw().getStatusMessage()).contains("cannot be told a role");
      assertThat(model.turns()).isEmpty();
    }
  }
}

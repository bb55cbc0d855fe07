package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each agent by the Agent Client Protocol, with a process for many turns. */
@RealAgents
class AcpAgentsTest {
  private static final String PROMPT = "What do you see?";

  /** The smallest picture: one pixel. */
  private static final String PNG =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  @ParameterizedTest
  @EnumSource
  void textAndImagesArriveAndALaterProcessLoadsTheSession(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("A ", "dot."));
    String sessionId;

    try (AcpAgent acp = AcpAgent.start(home.command(agent.acp()))) {
      JsonNode able = acp.initialize().path("agentCapabilities");
      assertThat(able.path("loadSession").asBoolean()).isTrue();
      assertThat(able.path("promptCapabilities").path("image").asBoolean()).isTrue();
      JsonNode session = acp.newSession(home);
      sessionId = session.path("sessionId").asText();

      JsonNode result =
          acp.prompt(
              sessionId,
              List.of(
                  Map.of("type", "text", "text", PROMPT),
                  Map.of("type", "image", "mimeType", "image/png", "data", PNG)));

      assertThat(result.path("stopReason").asText()).isEqualTo("end_turn");
      assertThat(acp.text("agent_message_chunk")).contains("A dot.");
      assertThat(acp.permissions()).isEmpty();
    }
    assertThat(model.turns()).hasSize(1);
    assertThat(model.lastTurn().prompts()).anyMatch(prompt -> prompt.contains(PROMPT));
    assertThat(model.lastTurn().images()).containsExactly(Base64.getDecoder().decode(PNG));

    if (agent == Agent.GEMINI) {
      // It overwrites the session that it is to load.
      return;
    }
    model.reply(Reply.text("Still a dot."));
    try (AcpAgent acp = AcpAgent.start(home.command(agent.acp()))) {
      acp.initialize();
      acp.loadSession(home, sessionId);
      assertThat(acp.text("agent_message_chunk")).contains("A dot.");
      acp.setModel(agent, sessionId);
      acp.prompt(sessionId, "And now?");
      assertThat(acp.text("agent_message_chunk")).endsWith("Still a dot.");
    }
    assertThat(model.awaitTurn(2).model()).contains(agent.otherModel());
    assertThat(model.lastTurn().prompts())
        .anyMatch(prompt -> prompt.contains(PROMPT))
        .anyMatch(prompt -> prompt.contains("And now?"));
  }

  @ParameterizedTest
  @EnumSource
  void aCommandWaitsForPermission(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);

    try (AcpAgent acp = AcpAgent.start(home.command(agent.acp()))) {
      acp.initialize();
      String sessionId = acp.newSession(home).path("sessionId").asText();

      acp.decide(request -> "reject_once");
      acp.prompt(sessionId, "Write it.");
      assertThat(acp.permissions()).hasSize(1);
      assertThat(made).doesNotExist();

      acp.decide(request -> "allow_once");
      acp.prompt(sessionId, "Do write it.");
      assertThat(acp.permissions()).hasSize(2);
      assertThat(made).hasContent("made");
    }
    assertThat(model.lastTurn().toolResults().getLast()).contains("written");
  }
}

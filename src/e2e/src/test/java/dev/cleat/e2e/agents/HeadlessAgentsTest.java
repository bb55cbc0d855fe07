package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each agent by its own command, with a process for each turn. */
@RealAgents
class HeadlessAgentsTest {
  private static final String FIRST = "What comes first?";
  private static final String SECOND = "And what is second?";

  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  @ParameterizedTest
  @EnumSource
  void aCommandRunsAndALaterProcessKnowsTheConversation(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(
        agent.runs("printf made > made.txt && echo written"), Reply.text("It is ", "done."));

    Run first = run(home, agent.headless(FIRST));

    assertThat(first.exitCode()).as(first.toString()).isZero();
    assertThat(String.join("", first.said(agent::textIn))).contains("It is done.");
    assertThat(home.work().resolve("made.txt")).hasContent("made");
    assertThat(model.turns()).hasSize(2);
    assertThat(model.lastTurn().prompts()).anyMatch(prompt -> prompt.contains(FIRST));
    assertThat(model.lastTurn().toolResults())
        .singleElement()
        .satisfies(result -> assertThat(result).contains("written"));

    String sessionId = first.said(agent::sessionIdIn).getFirst();
    model.reply(Reply.thought("Well.").thenText("That was all.").using(200, 20));

    Run second = run(home, agent.resume(sessionId, agent.otherModel(), SECOND));

    assertThat(second.exitCode()).as(second.toString()).isZero();
    assertThat(second.said(agent::textIn)).contains("That was all.");
    assertThat(second.said(agent::sessionIdIn)).contains(sessionId);
    ModelRequest resumed = model.awaitTurn(3);
    assertThat(resumed.model()).contains(agent.otherModel());
    assertThat(resumed.prompts())
        .anyMatch(prompt -> prompt.contains(FIRST))
        .anyMatch(prompt -> prompt.contains(SECOND));
    assertThat(resumed.replies()).contains("It is done.");
  }

  @ParameterizedTest
  @EnumSource
  void aModelThatRefusesMakesItFail(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.otherwise(
        request -> Reply.error(529, "too busy for you", Map.of("retry-after-ms", "10")));

    Run run = run(home, agent.headless(FIRST));

    assertThat(run.exitCode()).as(run.toString()).isNotZero();
    assertThat(run.toString()).contains("too busy for you");
  }

  /** How a process of an agent went. */
  private record Run(int exitCode, List<JsonNode> out, String errors) {

    /** All that the lines of its output say of something. */
    List<String> said(Function<JsonNode, String> something) {
      return out.stream().map(something).filter(text -> !text.isEmpty()).toList();
    }
  }

  private static Run run(AgentHome home, List<String> command) throws Exception {
    try (AgentProcess agent = AgentProcess.start(home.command(command))) {
      agent.endInput();
      List<JsonNode> out = agent.restAsJson();
      return new Run(agent.awaitEnd(), out, agent.errors());
    }
  }
}

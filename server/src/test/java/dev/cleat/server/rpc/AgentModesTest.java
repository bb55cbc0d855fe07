package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_MODES;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_MODE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.UpdateRequest;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The modes of an agent: asked for, changed by itself, and refused. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentModesTest {
  private TestServer server;
  private Prompter prompter;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.withTools(data, FakeAcpAgent.catalogueWithModes());
    prompter = server.prompter();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static CreateRequest.Builder moded() {
    return CreateRequest.newBuilder().setTool("moded");
  }

  private Session set(String id, String mode) {
    return server
        .sessions()
        .update(
            UpdateRequest.newBuilder()
                .setSessionId(id)
                .setSession(Session.newBuilder().setAgentMode(mode))
                .setUpdateMask(FieldMask.newBuilder().addPaths("agent_mode"))
                .build())
        .getSession();
  }

  private String modeAtAPrompt(String id) {
    return prompter.answer(prompter.run(id, "mode now"));
  }

  private List<String> modesTold(String id) {
    return prompter.events(id).stream()
        .filter(Event::hasAgentModeChanged)
        .map(event -> event.getAgentModeChanged().getModes().getCurrentId())
        .toList();
  }

  @Test
  void modeOfCreateAndUpdateIsThatOfTheNextPrompt() {
    final String id = prompter.create(moded().setAgentMode("plan"));
    assertThat(prompter.get(id).getAgentMode()).isEqualTo("plan");
    assertThat(modeAtAPrompt(id)).isEqualTo("plan");
    assertThat(set(id, "ask").getAgentModes().getCurrentId()).isEqualTo("plan");
    assertThat(modeAtAPrompt(id)).isEqualTo("ask");
    assertThat(modesTold(id)).containsExactly("ask", "plan", "ask");
  }

  @Test
  void modesThereAreAreShown() {
    final String id = prompter.create(moded());
    assertThat(modeAtAPrompt(id)).isEqualTo("ask");
    assertThat(prompter.get(id).getAgentMode()).isEmpty();
    assertThat(prompter.get(id).getAgentModes())
        .isEqualTo(
            AgentModes.newBuilder()
                .setCurrentId("ask")
                .addAvailable(
                    AgentMode.newBuilder().setId("ask").setName("Ask").setDescription("Asks first"))
                .addAvailable(AgentMode.newBuilder().setId("plan").setName("Plan"))
                .build());
  }

  @Test
  void agentThatLeavesItsModeIsNotSentBackAlsoNotByARestart() {
    final String id = prompter.create(moded().setAgentMode("plan"));
    prompter.run(id, "switch ask");
    assertThat(prompter.get(id).getAgentMode()).isEqualTo("ask");
    assertThat(modeAtAPrompt(id)).isEqualTo("ask");
    prompter.run(id, "switch plan");
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());
    assertThat(modeAtAPrompt(id)).isEqualTo("plan");
    assertThat(modesTold(id)).containsExactly("ask", "plan", "ask", "plan", "ask", "plan");
  }

  @Test
  void modeThatWasSetMeanwhileStays() {
    final String id = prompter.create(moded().setAgentMode("plan"));
    final Turn slow = prompter.send(id, "leave edit");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> prompter.answer(slow).equals("waiting"));
    set(id, "ask");
    prompter.cancel(slow);
    assertThat(modeAtAPrompt(id)).isEqualTo("ask");
    assertThat(modesTold(id)).containsExactly("ask", "plan", "edit", "ask");
  }

  @Test
  void getOrCreateTakesTheModeOver() {
    final CreateRequest.Builder request = moded().setName("named").setGetOrCreate(true);
    final String id = prompter.create(request);
    assertThat(prompter.create(request.setAgentMode("plan"))).isEqualTo(id);
    assertThat(modeAtAPrompt(id)).isEqualTo("plan");
  }

  @Test
  void modeThatTheAgentDoesNotHaveIsRefused() {
    final String id = prompter.create(moded().setAgentMode("nope"));
    final Turn turn = prompter.run(id, "mode now");
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getStatusMessage())
        .isEqualTo(
            "The prompt was not sent, as the agent has no mode 'nope'; set agent_mode to one of:"
                + " ask, plan");
    Refused.by(() -> set(id, "neither"))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_UNKNOWN_MODE)
        .field("agent_mode");
    set(id, "plan");
    assertThat(modeAtAPrompt(id)).isEqualTo("plan");
  }

  @Test
  void agentWithoutModesRefusesThePromptUntilTheModeIsCleared() {
    final String id = prompter.create(CreateRequest.newBuilder().setTool("fake"));
    set(id, "plan");
    assertThat(prompter.run(id, "say one").getStatusMessage()).contains("has no modes");
    set(id, "");
    assertThat(prompter.answer(prompter.run(id, "say one"))).isEqualTo("one");
    assertThat(modesTold(id)).isEmpty();
  }

  @Test
  void whatHasNoModesSaysSo() {
    Refused.by(() -> prompter.create(CreateRequest.newBuilder().setTool("bash").setAgentMode("m")))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_MODES)
        .field("agent_mode");
    final CreateRequest.Builder commands = moded().setPromptWay(PromptWay.PROMPT_WAY_HEADLESS);
    Refused.by(() -> prompter.create(commands.clone().setAgentMode("plan")))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_MODES)
        .field("agent_mode");
    final String id = prompter.create(commands);
    Refused.by(() -> set(id, "plan"))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_MODES)
        .field("agent_mode");
    assertThat(set(id, "").getAgentMode()).isEmpty();
    Refused.by(() -> set(id, "m".repeat(201)))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session.agent_mode");
  }
}

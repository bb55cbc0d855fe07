package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_SUCH_WAY;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOOL_NOT_SUPPORTED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRONG_STATE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Image;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.UpdateRequest;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Turns and conversations of agents that are real processes, and do as they are told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(60);

  private TestServer server;
  private Prompter prompter;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.withTools(data, FakeAcpAgent.catalogue());
    prompter = server.prompter();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static CreateRequest.Builder fake() {
    return CreateRequest.newBuilder().setTool("fake");
  }

  /** What begins like a picture, and is so long. */
  private static ByteString png(int bytes) {
    final byte[] data = new byte[bytes];
    System.arraycopy(HexFormat.of().parseHex("89504e470d0a1a0a"), 0, data, 0, 8);
    return ByteString.copyFrom(data);
  }

  @Test
  void turnsOfOneConversationAreAnswered() {
    final String id = prompter.create(fake());
    final Turn first = prompter.run(id, "say one");
    final Turn second = prompter.run(id, "recall it");

    assertThat(first.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(first.getOutputPreview()).isEqualTo("one");
    assertThat(prompter.answer(second)).isEqualTo("say one|recall it");
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_ACP);
    assertThat(prompter.get(id).getResumeToken()).startsWith("conversation-");
  }

  @Test
  void sessionIsFoundByWhatItsToolCallsIt() {
    final String id = prompter.create(fake());
    prompter.run(id, "say one");
    final GetRequest.Builder request =
        GetRequest.newBuilder().setResumeToken(prompter.get(id).getResumeToken());

    assertThat(server.sessions().get(request.build()).getSession().getId()).isEqualTo(id);
    Refused.by(() -> server.sessions().get(request.clone().setName("x").build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("resume_token");
    Refused.by(() -> server.sessions().get(request.clone().setResumeToken("other").build()))
        .with(Code.NOT_FOUND, dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void restartGoesOnWithTheConversationAndTellsNothingTwice() {
    final String id = prompter.create(fake());
    prompter.run(id, "say one");
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());

    assertThat(prompter.answer(prompter.run(id, "recall it"))).isEqualTo("say one|recall it");
    assertThat(prompter.events(id))
        .extracting(event -> event.getAgentText().getText())
        .doesNotContain("an old answer");
  }

  @Test
  void queuedTurnsFollowAndCancelHitsItsOwnTurnOnly() {
    final String id = prompter.create(fake());
    final Turn waiting = prompter.send(id, "wait for it");
    final Turn next = prompter.send(id, "say next");
    final Turn dropped = prompter.send(id, "say dropped");
    Awaitility.await().atMost(PATIENCE).until(() -> prompter.answer(waiting).equals("waiting"));
    prompter.cancel(dropped);
    prompter.cancel(waiting);

    assertThat(prompter.await(waiting).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(prompter.await(dropped).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(prompter.await(next).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(prompter.answer(next)).isEqualTo("next");
    assertThat(prompter.answer(dropped)).isEmpty();
  }

  @Test
  void turnTimesOutAndTheSessionGoesOn() {
    final String id = prompter.create(fake());
    final Turn slow =
        server
            .sessions()
            .sendPrompt(
                SendPromptRequest.newBuilder()
                    .setSessionId(id)
                    .setPrompt("wait for it")
                    .setTimeout(Duration.newBuilder().setNanos(300_000_000))
                    .build())
            .getTurn();

    assertThat(prompter.await(slow).getState()).isEqualTo(TurnState.TURN_STATE_TIMED_OUT);
    assertThat(prompter.await(slow).getStatusMessage())
        .isEqualTo("it did not end within its timeout of 0.3 s");
    assertThat(prompter.answer(prompter.run(id, "say on"))).isEqualTo("on");
  }

  @Test
  void errorOfTheAgentIsAFailedTurnWithItsWords() {
    final String id = prompter.create(fake());
    final Turn failed = prompter.run(id, "fail overloaded, try later");

    assertThat(failed.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(failed.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_AGENT_ERROR);
    assertThat(failed.getStatusMessage()).contains("overloaded, try later");
    assertThat(prompter.answer(prompter.run(id, "say on"))).isEqualTo("on");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 0})
  void agentThatEndsTakesItsTurnWithIt(int code) {
    final String id = prompter.create(fake());
    final Turn turn = prompter.run(id, "exit " + code);

    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_SESSION_ENDED);
    assertThat(turn.getStatusMessage()).isNotEmpty();
    assertThat(turn.getExit().getCode()).isEqualTo(code);
    assertThat(turn.getErrorTail()).isEqualTo("I end with " + code + ".\n");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> prompter.get(id).getState() == SessionState.SESSION_STATE_EXITED);
    assertThat(prompter.get(id).getExit().getCode()).isEqualTo(code);
  }

  @Test
  void picturesComeWhole() {
    final String id = prompter.create(fake());
    final Turn turn =
        server
            .sessions()
            .sendPrompt(
                SendPromptRequest.newBuilder()
                    .setSessionId(id)
                    .setPrompt("pictures please")
                    .addImages(Image.newBuilder().setMimeType("image/png").setData(png(30_000)))
                    .build())
            .getTurn();

    prompter.await(turn);
    assertThat(prompter.answer(turn)).isEqualTo("image/png 40000;");
  }

  @Test
  void picturesThatToolCallsNameAreListed(@TempDir Path work) {
    final String id = prompter.create(fake().setWorkdir(work.toString()));
    prompter.run(id, "draw plots of it.png");
    final Turn second = prompter.run(id, "draw " + work.resolve("two.png"));
    prompter.run(id, "draw three.png");

    // A list waits no longer than two seconds for a slow disk.
    Awaitility.await().until(() -> files(id).size() >= 3);
    final List<Artifact> files = files(id);
    assertThat(files)
        .extracting(Artifact::getPath)
        .containsExactly("three.png", "two.png", "plots of it.png");
    assertThat(files.get(1).getTurnId()).isEqualTo(second.getId());
    assertThat(prompter.events(id).get((int) files.get(1).getEvidenceSeq() - 1).hasToolCall())
        .isTrue();
  }

  private List<Artifact> files(String id) {
    return server
        .sessions()
        .listArtifacts(ListArtifactsRequest.newBuilder().setSessionId(id).build())
        .getArtifactsList();
  }

  @Test
  void aPictureThatAnAgentSpeaksOfIsListed(@TempDir Path work) throws Exception {
    final String id = prompter.create(fake().setWorkdir(work.toString()));
    Files.write(work.resolve("four.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    prompter.run(id, "say see [four](four.png)");
    Awaitility.await()
        .untilAsserted(
            () -> assertThat(files(id)).extracting(Artifact::getPath).containsExactly("four.png"));
  }

  @Test
  void typingIntoAnAgentIsRefused() {
    final String id = prompter.create(fake());
    Refused.by(() ->
            server
                .sessions()
                .sendInput(
                    SendInputRequest.newBuilder()
                        .setSessionId(id)
                        .setData(ByteString.copyFromUtf8("{}\n"))
                        .build()))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE);
  }

  @Test
  void whatTheToolCannotDoIsSaid() {
    Refused.by(() -> prompter.create(fake().setPromptWay(PromptWay.PROMPT_WAY_HEADLESS)))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_SUCH_WAY)
        .field("prompt_way");
    Refused.by(
            () -> prompter.create(CreateRequest.newBuilder().setTool("bash").setResumeToken("T1")))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("resume_token");
    Refused.by(() ->
            prompter.create(
                fake()
                    .setEndpoint("ftp://x")
                    .setApprovals(
                        ApprovalSettings.newBuilder()
                            .setTimeout(Duration.newBuilder().setSeconds(0))
                            .addAutoApprove(ApprovalRule.newBuilder().setPattern("(")))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("endpoint", "approvals.timeout", "approvals.auto_approve[0].pattern");
    Refused.by(() -> prompter.create(fake().setEndpoint("http://me:secret@127.0.0.1")))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("endpoint");
  }

  @Test
  void roleThatCannotBeToldIsRefusedAndByAcpTheAgentDecides() {
    Refused.by(() -> prompter.create(CreateRequest.newBuilder().setTool("bash").setRole("critic")))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_TOOL_NOT_SUPPORTED)
        .field("role");
    final String shell = prompter.create(CreateRequest.newBuilder().setTool("bash"));
    Refused.by(() -> update(shell, "critic"))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_TOOL_NOT_SUPPORTED)
        .field("role");
    update(shell, "");

    final String id = prompter.create(fake().setRole("critic"));
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> prompter.get(id).getState() != SessionState.SESSION_STATE_RUNNING);
    assertThat(prompter.get(id).getStatusMessage()).contains("cannot be told a role");
    update(id, "");
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());
    assertThat(prompter.answer(prompter.run(id, "say on"))).isEqualTo("on");
  }

  private void update(String id, String role) {
    final var _ =
        server
            .sessions()
            .update(
                UpdateRequest.newBuilder()
                    .setSessionId(id)
                    .setSession(Session.newBuilder().setRole(role))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("role"))
                    .build());
  }
}

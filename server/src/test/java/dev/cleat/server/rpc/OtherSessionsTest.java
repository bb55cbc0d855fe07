package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_APPROVAL_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_APPROVAL_RESOLVED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.AddedUsage;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.Usage;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.Status.Code;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Turns and questions are those of their session, and only while they are open. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherSessionsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.withTools(folder, FakeAcpAgent.catalogue());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private String create() {
    return server
        .sessions()
        .create(CreateRequest.newBuilder().setTool("fake").build())
        .getSession()
        .getId();
  }

  private Turn send(String id, String prompt) {
    return server.prompter().send(id, prompt);
  }

  private Turn wait(String id, String turnId) {
    return server
        .sessions()
        .waitTurn(
            WaitTurnRequest.newBuilder()
                .setSessionId(id)
                .setTurnId(turnId)
                .setTimeout(Duration.newBuilder().setSeconds(60))
                .build())
        .getTurn();
  }

  private Turn get(String id, String turnId) {
    return server
        .sessions()
        .getTurn(GetTurnRequest.newBuilder().setSessionId(id).setTurnId(turnId).build())
        .getTurn();
  }

  private Turn cancel(String id, String turnId) {
    return server
        .sessions()
        .cancelTurn(CancelTurnRequest.newBuilder().setSessionId(id).setTurnId(turnId).build())
        .getTurn();
  }

  private Approval awaitQuestion(String id) {
    return server.prompter().awaitQuestion(id);
  }

  private Approval allow(String id, Approval question) {
    return server
        .sessions()
        .resolveApproval(
            ResolveApprovalRequest.newBuilder()
                .setSessionId(id)
                .setApprovalId(question.getId())
                .setDecision(ApprovalDecision.APPROVAL_DECISION_ALLOWED)
                .build())
        .getApproval();
  }

  @Test
  void turnOfAnotherSessionIsNotFoundWhereverItStands() {
    final String its = create();
    final String other = create();
    final Turn ended = send(its, "say one");
    assertThat(wait(its, ended.getId()).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    final Turn running = send(its, "wait for it");
    final Turn queued = send(its, "say two");
    for (Turn turn : new Turn[] {ended, running, queued}) {
      assertNotFound(Refused.by(() -> get(other, turn.getId())), other, turn);
      assertNotFound(Refused.by(() -> wait(other, turn.getId())), other, turn);
      assertNotFound(Refused.by(() -> cancel(other, turn.getId())), other, turn);
    }

    assertThat(get(its, running.getId()).hasEndTime()).isFalse();
    cancel(its, running.getId());
    assertThat(wait(its, running.getId()).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(wait(its, queued.getId()).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  private static void assertNotFound(Refused refused, String sessionId, Turn turn) {
    refused
        .with(Code.NOT_FOUND, ERROR_REASON_TURN_NOT_FOUND)
        .metadata("session_id", sessionId)
        .metadata("turn_id", turn.getId());
  }

  @Test
  void questionOfAnotherSessionIsNotFound() {
    final String its = create();
    final String other = create();
    final Turn turn = send(its, "ask rm");
    final Approval question = awaitQuestion(its);

    Refused.by(() -> allow(other, question))
        .with(Code.NOT_FOUND, ERROR_REASON_APPROVAL_NOT_FOUND)
        .metadata("session_id", other)
        .metadata("approval_id", question.getId());
    allow(its, question);
    assertThat(wait(its, turn.getId()).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void questionIsAnsweredOnceAndNotAfterItsTurn() {
    final String id = create();
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    allow(id, question);
    assertResolved(id, question, "allowed", "call");
    wait(id, turn.getId());
    assertResolved(id, question, "allowed", "call");
    assertThat(wait(id, send(id, "say on").getId()).getState())
        .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertResolved(id, question, "allowed", "call");
  }

  @Test
  void answerSaysWhoGaveItByItsCredentialFirst() {
    final String id = create();
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    final Caller ann = new Caller(Caller.DEFAULT_TENANT, "ann", Role.ROLE_APPROVER, null);
    final Approval decided =
        server
            .sessions(ann)
            .resolveApproval(
                ResolveApprovalRequest.newBuilder()
                    .setSessionId(id)
                    .setApprovalId(question.getId())
                    .setDecision(ApprovalDecision.APPROVAL_DECISION_ALLOWED)
                    .setBy("root")
                    .build())
            .getApproval();
    assertThat(decided.getAnswer().getBy()).isEqualTo("ann");
    assertThat(decided.getAnswer().getOnBehalfOf()).isEqualTo("root");
    Refused.by(() -> allow(id, question)).metadata("by", "ann");

    wait(id, turn.getId());
    final AddUsageRequest usage =
        AddUsageRequest.newBuilder()
            .setSessionId(id)
            .setTurnId(turn.getId())
            .setUsage(Usage.newBuilder().setInputTokens(1))
            .setBy("root")
            .build();
    final AddedUsage added =
        server
            .sessions(new Caller(Caller.DEFAULT_TENANT, "bob", Role.ROLE_WRITER, null))
            .addUsage(usage)
            .getTurn()
            .getAddedUsage(0);
    assertThat(added.getBy()).isEqualTo("bob");
    assertThat(added.getOnBehalfOf()).isEqualTo("root");
  }

  @Test
  void questionEndsWithItsSession() {
    final String id = create();
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    server.sessions().stop(StopRequest.newBuilder().setSessionId(id).build());

    assertResolved(id, question, "denied", "turn_ended");
    assertThat(get(id, turn.getId()).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
  }

  private void assertResolved(String id, Approval question, String decision, String source) {
    Refused.by(() -> allow(id, question))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED)
        .metadata("decision", decision)
        .metadata("source", source);
  }
}

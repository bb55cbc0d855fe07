package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_APPROVAL_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_APPROVAL_RESOLVED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Questions of agents, which are real processes and do as they are told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentQuestionsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server =
        TestServer.withTools(
            data,
            """
            tools:
              fake:
                acp: {command: %s}
            """
                .formatted(FakeAcpAgent.command()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static CreateRequest.Builder fake() {
    return CreateRequest.newBuilder().setTool("fake");
  }

  private String create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession().getId();
  }

  private Session get(String id) {
    return server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  private Turn send(String id, String prompt) {
    return server.prompter().send(id, prompt);
  }

  private Turn await(Turn turn) {
    return server.prompter().await(turn);
  }

  private List<Event> events(String id) {
    return server.prompter().events(id);
  }

  private String answer(Turn turn) {
    return server.prompter().answer(turn);
  }

  private Approval awaitQuestion(String id) {
    return server.prompter().awaitQuestion(id);
  }

  private Approval resolve(Approval question, ApprovalDecision decision) {
    return server
        .sessions()
        .resolveApproval(
            ResolveApprovalRequest.newBuilder()
                .setSessionId(question.getSessionId())
                .setApprovalId(question.getId())
                .setDecision(decision)
                .setBy("a test")
                .build())
        .getApproval();
  }

  private static CancelTurnRequest cancel(Turn turn) {
    return CancelTurnRequest.newBuilder()
        .setSessionId(turn.getSessionId())
        .setTurnId(turn.getId())
        .build();
  }

  private Approval decided(String id) {
    return events(id).stream()
        .filter(Event::hasApprovalResolved)
        .findFirst()
        .orElseThrow()
        .getApprovalResolved()
        .getApproval();
  }

  @Test
  void questionIsAllowedOnceByTheFirstAnswer() {
    final String id = create(fake());
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    assertThat(question.getQuestion()).isEqualTo("run rm");
    assertThat(question.getTurnId()).isEqualTo(turn.getId());
    assertThat(get(id).getActivity().getState().name()).endsWith("WAITING_FOR_APPROVAL");

    final Approval answered = resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);

    assertThat(answered.getAnswer().getBy()).isEqualTo("a test");
    await(turn);
    assertThat(answer(turn)).isEqualTo("answer opt-allow_once");
    Refused.by(() -> resolve(question, ApprovalDecision.APPROVAL_DECISION_DENIED))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED)
        .metadata("decision", "allowed")
        .metadata("source", "call");
  }

  @Test
  void questionIsDenied() {
    final String id = create(fake());
    final Turn turn = send(id, "ask rm");
    resolve(awaitQuestion(id), ApprovalDecision.APPROVAL_DECISION_DENIED);
    await(turn);
    assertThat(answer(turn)).isEqualTo("answer opt-reject_once");
  }

  @Test
  void nobodyAnswersAndTheQuestionIsDeniedAtItsDeadline() {
    final String id =
        create(
            fake()
                .setApprovals(
                    ApprovalSettings.newBuilder().setTimeout(Duration.newBuilder().setSeconds(1))));
    final Turn turn = await(send(id, "ask rm"));

    assertThat(answer(turn)).isEqualTo("answer opt-reject_once");
    assertThat(decided(id).getAnswer().getSource())
        .isEqualTo(ApprovalSource.APPROVAL_SOURCE_DEADLINE);
  }

  @Test
  void ruleAllowsWithoutAskingAndTheJournalSaysWhich() {
    final String id =
        create(
            fake()
                .setApprovals(
                    ApprovalSettings.newBuilder()
                        .addAutoApprove(
                            ApprovalRule.newBuilder().setTool("execute").setPattern("never"))
                        .addAutoApprove(ApprovalRule.newBuilder().setPattern("^run r"))));
    final Turn turn = await(send(id, "ask rm"));

    assertThat(answer(turn)).isEqualTo("answer opt-allow_once");
    assertThat(decided(id).getAnswer().getSource()).isEqualTo(ApprovalSource.APPROVAL_SOURCE_RULE);
    assertThat(decided(id).getAnswer().getBy()).isEqualTo(":^run r");
  }

  @Test
  void cancelClosesItsQuestion() {
    final String id = create(fake());
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    server.sessions().cancelTurn(cancel(turn));

    assertThat(await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(decided(id).getAnswer().getSource())
        .isEqualTo(ApprovalSource.APPROVAL_SOURCE_TURN_ENDED);
    Refused.by(() -> resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED);
  }

  @Test
  void badAnswersAreRefusedAndTheQuestionWaits() {
    final String id = create(fake());
    final Turn turn = send(id, "ask rm");
    final Approval question = awaitQuestion(id);
    final ResolveApprovalRequest.Builder request =
        ResolveApprovalRequest.newBuilder()
            .setSessionId(id)
            .setApprovalId(question.getId())
            .setDecision(ApprovalDecision.APPROVAL_DECISION_ALLOWED);

    Refused.by(() -> server.sessions().resolveApproval(request.clone().clearDecision().build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("decision");
    Refused.by(
            () -> server.sessions().resolveApproval(request.clone().setOptionId("other").build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("option_id");
    Refused.by(() ->
            server
                .sessions()
                .resolveApproval(request.clone().setOptionId("opt-reject_once").build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("option_id");
    for (String unknown : List.of("1", "999999", "x", "-1")) {
      Refused.by(() ->
              server.sessions().resolveApproval(request.clone().setApprovalId(unknown).build()))
          .with(Code.NOT_FOUND, ERROR_REASON_APPROVAL_NOT_FOUND);
    }
    resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);
    assertThat(await(turn).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }
}

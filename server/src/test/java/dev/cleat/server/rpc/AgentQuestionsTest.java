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
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
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

  private Approval decided(String id) {
    return prompter.events(id).stream()
        .filter(Event::hasApprovalResolved)
        .findFirst()
        .orElseThrow()
        .getApprovalResolved()
        .getApproval();
  }

  @Test
  void questionIsAllowedOnceByTheFirstAnswer() {
    final String id = prompter.create(fake());
    final Turn turn = prompter.send(id, "ask rm");
    final Approval question = prompter.awaitQuestion(id);
    assertThat(question.getQuestion()).isEqualTo("run rm");
    assertThat(question.getTurnId()).isEqualTo(turn.getId());
    assertThat(prompter.get(id).getActivity().getState().name()).endsWith("WAITING_FOR_APPROVAL");

    final Approval answered = resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);

    assertThat(answered.getAnswer().getBy()).isEqualTo("a test");
    prompter.await(turn);
    assertThat(prompter.answer(turn)).isEqualTo("answer opt-allow_once");
    Refused.by(() -> resolve(question, ApprovalDecision.APPROVAL_DECISION_DENIED))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED)
        .metadata("decision", "allowed")
        .metadata("source", "call");
  }

  @Test
  void questionThatIsLongerThanAnyEventIsAskedAllTheSame() {
    final String id = prompter.create(fake());
    final Turn turn = prompter.send(id, "bloat rm");
    final Approval question = prompter.awaitQuestion(id);
    assertThat(question.getSerializedSize()).isLessThan(64 << 10);
    assertThat(question.getOptions(0).getName()).startsWith("allow_once!");
    resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);

    assertThat(prompter.await(turn).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(prompter.answer(turn)).isEqualTo("answer opt-allow_once");
    assertThat(server.sessions().stop(StopRequest.newBuilder().setSessionId(id).build()))
        .isNotNull();
    assertThat(prompter.get(id).getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    assertThat(server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).build()))
        .isNotNull();
  }

  @Test
  void questionIsDenied() {
    final String id = prompter.create(fake());
    final Turn turn = prompter.send(id, "ask rm");
    resolve(prompter.awaitQuestion(id), ApprovalDecision.APPROVAL_DECISION_DENIED);
    prompter.await(turn);
    assertThat(prompter.answer(turn)).isEqualTo("answer opt-reject_once");
  }

  @Test
  void nobodyAnswersAndTheQuestionIsDeniedAtItsDeadline() {
    final String id =
        prompter.create(
            fake()
                .setApprovals(
                    ApprovalSettings.newBuilder().setTimeout(Duration.newBuilder().setSeconds(1))));
    final Turn turn = prompter.run(id, "ask rm");

    assertThat(prompter.answer(turn)).isEqualTo("answer opt-reject_once");
    assertThat(decided(id).getAnswer().getSource())
        .isEqualTo(ApprovalSource.APPROVAL_SOURCE_DEADLINE);
  }

  @Test
  void ruleAllowsWithoutAskingAndTheJournalSaysWhich() {
    final String id =
        prompter.create(
            fake()
                .setApprovals(
                    ApprovalSettings.newBuilder()
                        .addAutoApprove(
                            ApprovalRule.newBuilder().setTool("execute").setPattern("never"))
                        .addAutoApprove(ApprovalRule.newBuilder().setPattern("^run r"))));
    final Turn turn = prompter.run(id, "ask rm");

    assertThat(prompter.answer(turn)).isEqualTo("answer opt-allow_once");
    assertThat(decided(id).getAnswer().getSource()).isEqualTo(ApprovalSource.APPROVAL_SOURCE_RULE);
    assertThat(decided(id).getAnswer().getBy()).isEqualTo(":^run r");
  }

  @Test
  void cancelClosesItsQuestion() {
    final String id = prompter.create(fake());
    final Turn turn = prompter.send(id, "ask rm");
    final Approval question = prompter.awaitQuestion(id);
    prompter.cancel(turn);

    assertThat(prompter.await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(decided(id).getAnswer().getSource())
        .isEqualTo(ApprovalSource.APPROVAL_SOURCE_TURN_ENDED);
    Refused.by(() -> resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED);
  }

  @Test
  void badAnswersAreRefusedAndTheQuestionWaits() {
    final String id = prompter.create(fake());
    final Turn turn = prompter.send(id, "ask rm");
    final Approval question = prompter.awaitQuestion(id);
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
    assertThat(prompter.await(turn).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }
}

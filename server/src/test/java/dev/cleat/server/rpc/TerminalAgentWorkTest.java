package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.ScreenAgentUser.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;

/**
 * What full-screen agents do with a prompt: they work, ask, fail or are cancelled, and nothing is
 * called done when it is not. They wait more than they work, so they run side by side.
 */
@Order(2)
class TerminalAgentWorkTest {
  private static TestServer server;
  private ScreenAgentUser user;

  @BeforeAll
  static void start(@TempDir Path data) throws Exception {
    server = ScreenAgentUser.server(data);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void user(@TempDir Path own) {
    user = new ScreenAgentUser(server, own);
  }

  /** Creates one that is not just starting: where that takes long it looks like a question. */
  private String idle(CreateRequest.Builder request) {
    final String id = user.create(request);
    user.awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    return id;
  }

  @ConcurrentTest
  void spinnerThatNeverStopsIsWorkUntilTheTimeout() throws Exception {
    final String id = user.create("fake");
    final Turn turn =
        user.send(
            SendPromptRequest.newBuilder()
                .setSessionId(id)
                .setPrompt("spin")
                .setTimeout(Duration.newBuilder().setSeconds(15)));
    final Turn next = user.send(id, "next");
    final Turn ended = user.await(turn);

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_TIMED_OUT);
    user.succeeded(next);
    assertThat(user.got()).containsExactly("PROMPT spin", "PROMPT next");
  }

  @ConcurrentTest
  void tickThatStandsStillIsWork() throws Exception {
    final String id = user.create("fake");
    final Turn turn = user.send(id, "still");
    user.awaitState(turn, TurnState.TURN_STATE_RUNNING);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> user.get(id).getTick().getCount() > 0 && !user.get(id).getTick().getActive());
    user.awaitState(turn, TurnState.TURN_STATE_RUNNING);
    assertThat(user.get(id).getActivity().getState()).isEqualTo(ActivityState.ACTIVITY_STATE_BUSY);
    user.cancel(turn);
    assertThat(user.await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
  }

  @ConcurrentTest
  void silenceInTheMiddleOfAnAnswerIsNotItsEnd() {
    final String id = idle(user.request("fake"));
    final Turn ended = user.succeeded(user.send(id, "quiet 20000"));

    assertThat(ended.getOutputPreview()).contains("The beginning,").contains("and the end.");
    assertThat(ended.getDuration().getSeconds()).isGreaterThanOrEqualTo(19);
    // It was taken for a question, and that was withdrawn.
    assertThat(user.questions(id)).isEmpty();
    assertThat(
            user.events(id).stream()
                .filter(Event::hasApprovalResolved)
                .map(event -> event.getApprovalResolved().getApproval())
                .filter(question -> question.getTurnId().equals(ended.getId())))
        .extracting(question -> question.getAnswer().getSource())
        .containsExactly(ApprovalSource.APPROVAL_SOURCE_TERMINAL);
  }

  @ConcurrentTest
  void cancelHitsItsOwnTurnOnly() throws Exception {
    final String id = user.create("fake");
    final Turn turn = user.send(id, "spin");
    final Turn next = user.send(id, "next");
    user.awaitState(turn, TurnState.TURN_STATE_RUNNING);
    user.cancel(turn);

    assertThat(user.await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    user.succeeded(next);
    assertThat(user.got()).containsExactly("PROMPT spin", "PROMPT next");
  }

  @ConcurrentTest
  void failureOnTheScreenFailsTheTurn() {
    final String id = user.create("fake");
    final Turn ended = user.await(user.send(id, "fail"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_AGENT_ERROR);
    assertThat(ended.getStatusMessage()).isEqualTo("sorry: it failed");
  }

  @ConcurrentTest
  void unknownQuestionIsNeverAnswered() throws Exception {
    final Path precious = Files.writeString(user.folder().resolve("precious"), "all");
    final String id =
        idle(
            user.request("fake")
                .setApprovals(
                    ApprovalSettings.newBuilder()
                        .addAutoApprove(dev.cleat.v1.ApprovalRule.getDefaultInstance())
                        .setTimeout(Duration.newBuilder().setSeconds(2))));
    final Turn turn = user.send(id, "trap " + precious);
    final Turn ended = user.await(turn);

    // In the journal: it waits for an answer for 2 s only.
    final Approval question =
        user.events(id).stream()
            .filter(Event::hasApprovalRequested)
            .map(event -> event.getApprovalRequested().getApproval())
            .filter(asked -> asked.getTurnId().equals(turn.getId()))
            .findFirst()
            .orElseThrow();
    assertThat(question.getOptionsList()).isEmpty();
    assertThat(question.getScreenText()).contains("Shall all be deleted? Enter: yes");
    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_UNKNOWN_QUESTION);
    assertThat(precious).exists();
    // A prompt behind it does not become an answer.
    final Turn next = user.await(user.send(id, "next"));
    assertThat(next.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(next.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_UNKNOWN_QUESTION);
    // A person answers it, and prompts are taken again.
    user.type(id, "\u001b");
    user.awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    user.succeeded(user.send(id, "at last"));
    assertThat(precious).exists();
    assertThat(user.got())
        .containsExactly("PROMPT trap " + precious, "KEY ESCAPE", "PROMPT at last");
  }

  @ConcurrentTest
  void knownQuestionIsAnsweredWithItsKeys() throws Exception {
    final String id = idle(user.request("fake"));
    final Turn allowed = user.send(id, "ask one");
    final Approval question = user.awaitQuestion(id);
    assertThat(question.getQuestion()).isEqualTo("May I do it?");
    assertThat(question.getTool()).isEqualTo("doing");
    assertThat(question.getOptionsList())
        .extracting(dev.cleat.v1.ApprovalOption::getName)
        .containsExactly("Yes, do it", "No");
    assertThat(user.get(id).getActivity().getState())
        .isEqualTo(ActivityState.ACTIVITY_STATE_WAITING_FOR_APPROVAL);
    user.resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);
    assertThat(user.succeeded(allowed).getOutputPreview()).isEqualTo("It is done.");

    final Turn denied = user.send(id, "ask two");
    user.resolve(user.awaitQuestion(id), ApprovalDecision.APPROVAL_DECISION_DENIED);
    assertThat(user.succeeded(denied).getOutputPreview()).isEqualTo("It is not done.");
    assertThat(user.got()).containsExactly("PROMPT ask one", "KEY 1", "PROMPT ask two", "KEY 2");
  }

  @ConcurrentTest
  void questionAnsweredByHandIsWithdrawn() throws Exception {
    final String id = idle(user.request("fake"));
    final Turn turn = user.send(id, "ask");
    final Approval question = user.awaitQuestion(id);
    user.type(id, "1");
    user.succeeded(turn);

    assertThat(user.questions(id)).isEmpty();
    Refused.by(() -> user.resolve(question, ApprovalDecision.APPROVAL_DECISION_DENIED))
        .with(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_APPROVAL_RESOLVED);
    assertThat(user.got()).containsExactly("PROMPT ask", "KEY 1");
  }
}

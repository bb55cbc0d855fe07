package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.Image;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;

/**
 * Turns of full-screen agents that are real processes on a real terminal, and bad ones among them:
 * no prompt is lost, doubled, merged with what a person typed, or called done when it is not. They
 * wait more than they work, so they run side by side.
 */
@Order(2)
class TerminalAgentTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(90);

  private static TestServer server;
  private Path folder;
  private Path log;

  @BeforeAll
  static void start(@TempDir Path data) throws Exception {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    final Path catalogue = data.resolve("tools.yaml");
    final String command =
        "[%s, -XX:TieredStopAtLevel=1, -Xshare:auto, -cp, \"%s\", %s]"
            .formatted(
                java, System.getProperty("java.class.path"), FakeScreenAgent.class.getName());
    Files.writeString(
        catalogue,
        """
        tools:
          fake:
            command: %1$s
            terminal: &terminal
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              failed: '^! (sorry.*)'
              quiet: 300ms
              question_after: 3s
              start_timeout: 60s
              questions:
                - pattern: '(May I do it\\?)'
                  tool: doing
                  answers:
                    - {pattern: '1\\. (Yes.*)', kind: allow_once, keys: 1}
                    - {pattern: '2\\. (No)', kind: deny_once, keys: 2}
          typed:
            command: %1$s
            terminal:
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              quiet: 300ms
              paste: typed
              newline: ctrl-j
          late:
            command: %1$s
            terminal:
              ready: '^> '
              start_timeout: 10s
              quiet: 300ms
          files:
            command: %1$s
            terminal:
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              quiet: 300ms
              model: ["model={model}"]
              resume: ["resumes={session}"]
              session_id: {files: [$SESSIONS/*/run-*.jsonl], id: /of/id, workdir: /cwd}
          strange:
            command: %1$s
            terminal: {ready: '^never ', start_timeout: 1s}
        """
            .formatted(command));
    server = TestServer.start(data.resolve("data"), Map.of("catalogue", catalogue.toString()));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void log(@TempDir Path own) {
    folder = own;
    log = own.resolve("log");
  }

  private String create(String tool, String... options) {
    return create(request(tool, options));
  }

  private String create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession().getId();
  }

  private CreateRequest.Builder request(String tool, String... options) {
    return CreateRequest.newBuilder()
        .setTool(tool)
        .addArgs("log=" + log)
        .addAllArgs(List.of(options));
  }

  private Session get(String id) {
    return server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  private Turn send(String id, String prompt) {
    return send(SendPromptRequest.newBuilder().setSessionId(id).setPrompt(prompt));
  }

  private Turn send(SendPromptRequest.Builder request) {
    return server.sessions().sendPrompt(request.build()).getTurn();
  }

  private Turn await(Turn turn) {
    final Turn ended =
        server
            .sessions()
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId(turn.getSessionId())
                    .setTurnId(turn.getId())
                    .setTimeout(Duration.newBuilder().setSeconds(PATIENCE.toSeconds()))
                    .build())
            .getTurn();
    assertThat(ended.hasEndTime()).as("turn has ended: %s", ended).isTrue();
    return ended;
  }

  private Turn succeeded(Turn turn) {
    final Turn ended = await(turn);
    assertThat(ended.getState()).as("%s", ended).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    return ended;
  }

  private void awaitState(Turn turn, TurnState state) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() ->
            server
                .sessions()
                .getTurn(
                    GetTurnRequest.newBuilder()
                        .setSessionId(turn.getSessionId())
                        .setTurnId(turn.getId())
                        .build())
                .getTurn()
                .getState()
                .equals(state));
  }

  private void cancel(Turn turn) {
    final var _ =
        server
            .sessions()
            .cancelTurn(
                CancelTurnRequest.newBuilder()
                    .setSessionId(turn.getSessionId())
                    .setTurnId(turn.getId())
                    .build());
  }

  private void type(String id, String keys) {
    final var _ =
        server
            .sessions()
            .sendInput(
                SendInputRequest.newBuilder()
                    .setSessionId(id)
                    .setData(ByteString.copyFromUtf8(keys))
                    .build());
  }

  private List<Event> events(String id) {
    return server
        .sessions()
        .readEvents(ReadEventsRequest.newBuilder().setSessionId(id).setPageSize(10_000).build())
        .getEventsList();
  }

  private List<Approval> questions(String id) {
    return server
        .sessions()
        .listApprovals(ListApprovalsRequest.newBuilder().setSessionId(id).build())
        .getApprovalsList();
  }

  private Approval awaitQuestion(String id) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> questions(id), list -> !list.isEmpty())
        .getFirst();
  }

  private void resolve(Approval question, ApprovalDecision decision) {
    final var _ =
        server
            .sessions()
            .resolveApproval(
                ResolveApprovalRequest.newBuilder()
                    .setSessionId(question.getSessionId())
                    .setApprovalId(question.getId())
                    .setDecision(decision)
                    .setBy("a test")
                    .build());
  }

  private void awaitActivity(String id, ActivityState state) {
    Awaitility.await().atMost(PATIENCE).until(() -> get(id).getActivity().getState().equals(state));
  }

  /** What the agent has written down. */
  private List<String> got() throws IOException {
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  @ConcurrentTest
  void promptsAreAnsweredOneAfterTheOther() throws Exception {
    final String id = create("fake");
    final Turn one = send(id, "one");
    final Turn two = send(id, "two\nlines, \t and a tab ");
    final Turn ended = succeeded(one);
    succeeded(two);

    assertThat(got()).containsExactly("PROMPT one", "PROMPT two\\nlines, \t and a tab");
    assertThat(ended.getOutputPreview()).isEqualTo("Answer to 3: one");
    assertThat(ended.getJudgedBy()).isEqualTo(EvidenceSource.EVIDENCE_SOURCE_SCREEN);
    assertThat(get(id).getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_TERMINAL);
    assertThat(get(id).getTick().getValue()).isEqualTo("* Working (4s)");
    assertThat(get(id).getTick().getCount()).isGreaterThanOrEqualTo(2);
    Awaitility.await().atMost(PATIENCE).until(() -> !get(id).getTick().getActive());
  }

  @ConcurrentTest
  void activityIsSaidWithItsSourceAndNotForEachTick() {
    final String id = create("fake");
    succeeded(send(id, "one"));
    awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);

    final List<Event> changes = events(id).stream().filter(Event::hasActivityChanged).toList();
    assertThat(changes)
        .extracting(event -> event.getActivityChanged().getActivity().getSource())
        .contains(EvidenceSource.EVIDENCE_SOURCE_TICK, EvidenceSource.EVIDENCE_SOURCE_SCREEN);
    assertThat(changes)
        .filteredOn(event ->
            event.getActivityChanged().getActivity().getState()
                == ActivityState.ACTIVITY_STATE_BUSY)
        .hasSizeBetween(1, 2);
    assertThat(changes)
        .allMatch(
            event -> event.getActivityChanged().getActivity().getEvidenceSeq() <= event.getSeq());
  }

  @ConcurrentTest
  void agentThatIsDeafAfterItsStartGetsThePromptOnce() throws Exception {
    final String id = create("fake", "deaf=40000");
    final Turn turn = send(id, "hello");
    succeeded(turn);

    assertThat(got()).containsExactly("PROMPT hello");
  }

  @ConcurrentTest
  void enterThatWasEatenIsPressedAgain() throws Exception {
    final String id = create("fake", "eats=2");
    succeeded(send(id, "hello"));
    succeeded(send(id, "again"));

    assertThat(got()).containsExactly("PROMPT hello", "PROMPT again");
  }

  @ConcurrentTest
  void unknownQuestionIsNeverAnswered() throws Exception {
    final Path precious = Files.writeString(folder.resolve("precious"), "all");
    final String id =
        create(
            request("fake")
                .setApprovals(
                    ApprovalSettings.newBuilder()
                        .addAutoApprove(dev.cleat.v1.ApprovalRule.getDefaultInstance())
                        .setTimeout(Duration.newBuilder().setSeconds(2))));
    final Turn turn = send(id, "trap " + precious);
    final Approval question = awaitQuestion(id);
    final Turn ended = await(turn);

    assertThat(question.getOptionsList()).isEmpty();
    assertThat(question.getTurnId()).isEqualTo(turn.getId());
    assertThat(question.getScreenText()).contains("Shall all be deleted? Enter: yes");
    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_UNKNOWN_QUESTION);
    assertThat(precious).exists();
    // A prompt behind it does not become an answer.
    final Turn next = await(send(id, "next"));
    assertThat(next.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(next.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_UNKNOWN_QUESTION);
    // A person answers it, and prompts are taken again.
    type(id, "\u001b");
    awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    succeeded(send(id, "at last"));
    assertThat(precious).exists();
    assertThat(got()).containsExactly("PROMPT trap " + precious, "KEY ESCAPE", "PROMPT at last");
  }

  @ConcurrentTest
  void longPasteReachesAnAgentThatKeepsTheEndOfWhatItReads() throws Exception {
    final String prompt =
        IntStream.range(0, 400).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
    final String id = create("typed", "keeps=1022");
    succeeded(send(id, prompt));
    succeeded(send(id, "two\nlines"));

    assertThat(got()).containsExactly("PROMPT " + prompt, "PROMPT two\\nlines");
  }

  @ConcurrentTest
  void promptThatLosesItsBeginningIsNotSubmitted() throws Exception {
    final String id = create("fake", "loses=1");
    final Turn ended = await(send(id, "rm -r /tmp"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(got()).isEmpty();
    awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    type(id, "by hand\r");
    Awaitility.await().atMost(PATIENCE).until(() -> got().equals(List.of("PROMPT by hand")));
  }

  @ConcurrentTest
  void promptTallerThanTheScreenStandsThereWhole() throws Exception {
    final String prompt =
        IntStream.range(0, 40).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
    final String id = create("fake");
    succeeded(send(id, prompt));

    assertThat(got()).containsExactly("PROMPT " + prompt.replace("\n", "\\n"));
  }

  @ConcurrentTest
  void spinnerThatNeverStopsIsWorkUntilTheTimeout() throws Exception {
    final String id = create("fake");
    final Turn turn =
        send(
            SendPromptRequest.newBuilder()
                .setSessionId(id)
                .setPrompt("spin")
                .setTimeout(Duration.newBuilder().setSeconds(6)));
    final Turn next = send(id, "next");
    final Turn ended = await(turn);

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_TIMED_OUT);
    succeeded(next);
    assertThat(got()).containsExactly("PROMPT spin", "PROMPT next");
  }

  @ConcurrentTest
  void tickThatStandsStillIsWork() throws Exception {
    final String id = create("fake");
    final Turn turn = send(id, "still");
    awaitState(turn, TurnState.TURN_STATE_RUNNING);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> get(id).getTick().getCount() > 0 && !get(id).getTick().getActive());
    awaitState(turn, TurnState.TURN_STATE_RUNNING);
    assertThat(get(id).getActivity().getState()).isEqualTo(ActivityState.ACTIVITY_STATE_BUSY);
    cancel(turn);
    assertThat(await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
  }

  @ConcurrentTest
  void silenceInTheMiddleOfAnAnswerIsNotItsEnd() {
    final String id = create("fake");
    final Turn ended = succeeded(send(id, "quiet 20000"));

    assertThat(ended.getOutputPreview()).contains("The beginning,").contains("and the end.");
    assertThat(ended.getDuration().getSeconds()).isGreaterThanOrEqualTo(19);
    // It was taken for a question, and that was withdrawn.
    assertThat(questions(id)).isEmpty();
    assertThat(events(id).stream().filter(Event::hasApprovalResolved))
        .extracting(event -> event.getApprovalResolved().getApproval().getAnswer().getSource())
        .containsExactly(ApprovalSource.APPROVAL_SOURCE_TERMINAL);
  }

  @ConcurrentTest
  void promptWaitsForAPersonToFinishTheLine() throws Exception {
    final String id = create("fake");
    awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    type(id, "half a li");
    final Turn turn = send(id, "hello");
    Awaitility.await()
        .during(java.time.Duration.ofSeconds(3))
        .atMost(PATIENCE)
        .until(() -> got().isEmpty());
    awaitState(turn, TurnState.TURN_STATE_QUEUED);
    type(id, "ne\r");
    succeeded(turn);

    assertThat(got()).containsExactly("PROMPT half a line", "PROMPT hello");
  }

  @ConcurrentTest
  void knownQuestionIsAnsweredWithItsKeys() throws Exception {
    final String id = create("fake");
    final Turn allowed = send(id, "ask one");
    final Approval question = awaitQuestion(id);
    assertThat(question.getQuestion()).isEqualTo("May I do it?");
    assertThat(question.getTool()).isEqualTo("doing");
    assertThat(question.getOptionsList())
        .extracting(dev.cleat.v1.ApprovalOption::getName)
        .containsExactly("Yes, do it", "No");
    assertThat(get(id).getActivity().getState())
        .isEqualTo(ActivityState.ACTIVITY_STATE_WAITING_FOR_APPROVAL);
    resolve(question, ApprovalDecision.APPROVAL_DECISION_ALLOWED);
    assertThat(succeeded(allowed).getOutputPreview()).isEqualTo("It is done.");

    final Turn denied = send(id, "ask two");
    resolve(awaitQuestion(id), ApprovalDecision.APPROVAL_DECISION_DENIED);
    assertThat(succeeded(denied).getOutputPreview()).isEqualTo("It is not done.");
    assertThat(got()).containsExactly("PROMPT ask one", "KEY 1", "PROMPT ask two", "KEY 2");
  }

  @ConcurrentTest
  void questionAnsweredByHandIsWithdrawn() throws Exception {
    final String id = create("fake");
    final Turn turn = send(id, "ask");
    final Approval question = awaitQuestion(id);
    type(id, "1");
    succeeded(turn);

    assertThat(questions(id)).isEmpty();
    Refused.by(() -> resolve(question, ApprovalDecision.APPROVAL_DECISION_DENIED))
        .with(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_APPROVAL_RESOLVED);
    assertThat(got()).containsExactly("PROMPT ask", "KEY 1");
  }

  @ConcurrentTest
  void cancelHitsItsOwnTurnOnly() throws Exception {
    final String id = create("fake");
    final Turn turn = send(id, "spin");
    final Turn next = send(id, "next");
    awaitState(turn, TurnState.TURN_STATE_RUNNING);
    cancel(turn);

    assertThat(await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    succeeded(next);
    assertThat(got()).containsExactly("PROMPT spin", "PROMPT next");
  }

  @ConcurrentTest
  void failureOnTheScreenFailsTheTurn() {
    final String id = create("fake");
    final Turn ended = await(send(id, "fail"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_AGENT_ERROR);
    assertThat(ended.getStatusMessage()).isEqualTo("sorry: it failed");
  }

  @ConcurrentTest
  void promptThatIsNeverSeenIsUncertain() throws Exception {
    final String id = create("late", "deaf=40000");
    final Turn ended = await(send(id, "hello"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
    assertThat(got()).isEmpty();
  }

  @ConcurrentTest
  void promptsOfAnAgentThatIsNeverReadyFail() throws Exception {
    final String id = create("strange");
    final Turn ended = await(send(id, "hello"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(ended.getStatusMessage()).contains("not ready");
    assertThat(got()).isEmpty();
  }

  @ConcurrentTest
  void imagesAreRefused() {
    final String id = create("fake");
    Refused.by(() ->
            send(
                SendPromptRequest.newBuilder()
                    .setSessionId(id)
                    .setPrompt("look")
                    .addImages(
                        Image.newBuilder()
                            .setMimeType("image/png")
                            .setData(
                                ByteString.copyFrom(
                                    new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10})))))
        .with(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NO_IMAGES);
  }

  private void restart(String id) {
    final var _ = server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());
  }

  @ConcurrentTest
  void sessionOfTheToolIsFoundInItsFilesAndGoneOnWith() throws Exception {
    Files.createDirectory(folder.resolve("2026"));
    final String id =
        create(
            request("files")
                .setWorkdir(folder.toString())
                .putEnv("SESSIONS", folder.toString())
                .setModel("m1"));
    succeeded(send(id, "first"));
    Awaitility.await().atMost(PATIENCE).until(() -> !get(id).getResumeToken().isEmpty());
    final String token = get(id).getResumeToken();
    restart(id);
    succeeded(send(id, "second"));

    assertThat(got())
        .containsExactly(
            "MODEL m1", "PROMPT first", "RESUMES " + token, "MODEL m1", "PROMPT second");
    assertThat(get(id).getResumeToken()).isEqualTo(token);
  }

  @ConcurrentTest
  void sessionThatTheToolHadBeforeIsNotTaken() throws Exception {
    Files.createDirectory(folder.resolve("2026"));
    final CreateRequest.Builder request =
        request("files").setWorkdir(folder.toString()).putEnv("SESSIONS", folder.toString());
    final String first = create(request);
    succeeded(send(first, "first"));
    Awaitility.await().atMost(PATIENCE).until(() -> !get(first).getResumeToken().isEmpty());
    final String second = create(request.addArgs("keeps-none=true"));
    succeeded(send(second, "second"));
    // Its second look comes behind the first, and both behind the first turn.
    succeeded(send(second, "third"));
    restart(second);
    succeeded(send(second, "fourth"));

    assertThat(get(second).getResumeToken()).isEmpty();
    assertThat(got())
        .containsExactly("PROMPT first", "PROMPT second", "PROMPT third", "PROMPT fourth");
  }
}

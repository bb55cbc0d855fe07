package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_BUSY;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_QUEUE_FULL;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.WhenBusy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Turns on real shells. */
@Order(5)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TurnTest {
  private Path folder;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    folder = data;
    server = TestServer.start(data.resolve("data"), Map.of("limits.queue", "3"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private String shell(String tool) {
    // The tests' own home: no start-up file of the machine's user has a say.
    return server
        .sessions()
        .create(CreateRequest.newBuilder().setTool(tool).putEnv("HOME", folder.toString()).build())
        .getSession()
        .getId();
  }

  private static SendPromptRequest.Builder request(String id, String prompt) {
    return SendPromptRequest.newBuilder().setSessionId(id).setPrompt(prompt);
  }

  private Turn send(String id, String prompt) {
    return server.prompter().send(id, prompt);
  }

  private Turn await(Turn turn) {
    return server.prompter().await(turn);
  }

  private void awaitState(Turn turn, TurnState state) {
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> states(turn).contains(state));
  }

  private List<Event> events(String id) {
    return server.prompter().events(id);
  }

  private List<TurnState> states(Turn turn) {
    return events(turn.getSessionId()).stream()
        .filter(event -> event.getTurnChanged().getTurn().getId().equals(turn.getId()))
        .map(event -> event.getTurnChanged().getTurn().getState())
        .toList();
  }

  private String output(Turn turn) {
    final ByteString all =
        events(turn.getSessionId()).stream()
            .map(event -> event.getOutput().getData())
            .reduce(ByteString.EMPTY, ByteString::concat);
    return all.substring((int) turn.getOutputStartOffset(), (int) turn.getOutputEndOffset())
        .toStringUtf8();
  }

  @Test
  void everyStepOfATurnIsAnEvent() {
    final String id = shell("bash");
    await(send(id, "true"));
    final Turn turn = await(send(id, "printf 'a\\nb'"));
    assertThat(states(turn))
        .endsWith(
            TurnState.TURN_STATE_SUBMITTED,
            TurnState.TURN_STATE_RUNNING,
            TurnState.TURN_STATE_SUCCEEDED)
        .startsWith(TurnState.TURN_STATE_ACCEPTED);
    assertThat(turn.getJudgedBy()).isEqualTo(EvidenceSource.EVIDENCE_SOURCE_MARKS);
    assertThat(turn.hasDuration()).isTrue();
    assertThat(output(turn)).isEqualTo("a\r\nb");
    assertThat(turn.getOutputPreview()).isEqualTo("a\nb");
  }

  @Test
  void manyLinesAreOneTurnWithTheLastExitCode() {
    final String id = shell("bash");
    final Turn turn = await(send(id, "x=1\necho $x\nif true; then\n  echo two\nfi\n(exit 9)"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_EXIT_CODE);
    assertThat(turn.getExit().getCode()).isEqualTo(9);
    assertThat(turn.getOutputPreview()).contains("1\n").contains("two\n");
  }

  @Test
  void whatIsTypedMeansWhatItSays() {
    final String id = shell("bash");
    final Turn turn = await(send(id, "printf '%s|' \"wow!wow\" 'tab\there' \"$((6*7))\" 'ä☃'"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(output(turn)).isEqualTo("wow!wow|tab\there|42|ä☃|");
  }

  @Test
  void aSyntaxErrorEndsItsTurn() {
    final String id = shell("bash");
    final Turn turn = await(send(id, "echo )"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getExit().getCode()).isEqualTo(2);
    assertThat(await(send(id, "echo on")).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void anIncompleteCommandIsTakenBackAndSaidToBe() {
    final String id = shell("bash");
    final Turn turn = await(send(id, "echo 'open"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_INCOMPLETE_COMMAND);
    assertThat(await(send(id, "echo on")).getOutputPreview()).isEqualTo("on\n");
  }

  @Test
  void promptsQueueAndRunInOrder() throws Exception {
    final String id = shell("bash");
    final Path file = folder.resolve("order");
    final Turn first = send(id, "sleep 0.3; echo 1 >> " + file);
    final Turn second = send(id, "echo 2 >> " + file);
    final Turn third = send(id, "echo 3 >> " + file);
    assertThat(await(third).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(await(first).getNumber()).isEqualTo(1);
    assertThat(await(second).getNumber()).isEqualTo(2);
    assertThat(Files.readAllLines(file)).containsExactly("1", "2", "3");
    assertThat(
            server
                .sessions()
                .listTurns(ListTurnsRequest.newBuilder().setSessionId(id).build())
                .getTurnsList()
                .stream()
                .map(Turn::getId))
        .containsExactly(third.getId(), second.getId(), first.getId());
  }

  @Test
  void aBusySessionRefusesWhoDoesNotWantToWaitAndAFullQueueEveryone() {
    final String id = shell("bash");
    final Turn running = send(id, "sleep 1000");
    Refused.by(() ->
            server
                .sessions()
                .sendPrompt(request(id, "x").setWhenBusy(WhenBusy.WHEN_BUSY_REFUSE).build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_BUSY)
        .metadata("turn_id", running.getId());
    awaitState(running, TurnState.TURN_STATE_RUNNING);
    for (int i = 0; i < 3; i++) {
      send(id, "echo " + i);
    }
    assertThat(
            Refused.by(() -> send(id, "too many"))
                .with(RESOURCE_EXHAUSTED, ERROR_REASON_QUEUE_FULL)
                .retry())
        .isTrue();
  }

  @Test
  void aCancelledTurnIsInterruptedAndTheOnesBehindItRun() {
    final String id = shell("bash");
    final Turn running = send(id, "sleep 1000");
    final Turn waiting = send(id, "echo never");
    final Turn next = send(id, "echo next");
    awaitState(running, TurnState.TURN_STATE_RUNNING);
    cancel(waiting);
    cancel(running);
    final Turn cancelled = await(running);
    assertThat(cancelled.getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(cancelled.getExit().getCode()).isEqualTo(130);
    assertThat(await(waiting).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(await(waiting).hasStartTime()).isFalse();
    assertThat(await(next).getOutputPreview()).isEqualTo("next\n");
    assertThat(cancel(running)).isEqualTo(cancelled);
  }

  private Turn cancel(Turn turn) {
    return server
        .sessions()
        .cancelTurn(
            CancelTurnRequest.newBuilder()
                .setSessionId(turn.getSessionId())
                .setTurnId(turn.getId())
                .build())
        .getTurn();
  }

  @Test
  void aTurnOverItsTimeIsInterruptedAndOneThatIgnoresThatIsKilled() {
    final String id = shell("bash");
    // The time begins when the prompt is sent, and not when the shell is there.
    await(send(id, "true"));
    final Turn polite =
        server
            .sessions()
            .sendPrompt(
                request(id, "sleep 1000").setTimeout(Duration.newBuilder().setSeconds(2)).build())
            .getTurn();
    assertThat(await(polite).getState()).isEqualTo(TurnState.TURN_STATE_TIMED_OUT);
    assertThat(await(polite).getExit().getCode()).isEqualTo(130);
    // What the shell starts from here on is deaf from its first moment.
    await(send(id, "trap '' INT"));
    final Turn deaf =
        server
            .sessions()
            .sendPrompt(
                request(id, "sh -c 'sleep 1000 & wait; sleep 1000'")
                    .setTimeout(Duration.newBuilder().setSeconds(2))
                    .build())
            .getTurn();
    final Turn killed = await(deaf);
    assertThat(killed.getState()).isEqualTo(TurnState.TURN_STATE_TIMED_OUT);
    assertThat(killed.getExit().getCode()).isEqualTo(137);
    assertThat(await(send(id, "echo on")).getOutputPreview()).isEqualTo("on\n");
  }

  @Test
  void aRetriedPromptIsOneTurn() throws Exception {
    final String id = shell("bash");
    final Path file = folder.resolve("retried");
    final SendPromptRequest request =
        request(id, "echo once >> " + file).setRequestId("prompt-once").build();
    final Turn first = server.sessions().sendPrompt(request).getTurn();
    for (int i = 0; i < 20; i++) {
      assertThat(server.sessions().sendPrompt(request).getTurn().getId()).isEqualTo(first.getId());
    }
    await(first);
    await(send(id, "true"));
    assertThat(Files.readAllLines(file)).containsExactly("once");
  }

  /** A person types when there is a prompt; what comes before it the shell has not read. */
  private void awaitPrompt(String id, Turn ended) {
    Awaitility.await()
        .until(() ->
            events(id).stream()
                .anyMatch(event -> event.hasPromptShown() && event.getSeq() > ended.getLastSeq()));
  }

  @Test
  void aPromptWaitsForWhatAPersonHasTyped() {
    final String id = shell("bash");
    awaitPrompt(id, await(send(id, "true")));
    type(id, "echo typed by");
    // A shell that has not shown it for long has nothing on its line.
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> printed(id).contains("echo typed by"));
    final Turn waiting = send(id, "echo prompted");
    awaitState(waiting, TurnState.TURN_STATE_QUEUED);
    type(id, " hand\n");
    final Turn turn = await(waiting);
    assertThat(output(turn)).isEqualTo("prompted\r\n");
    assertThat(printed(id)).contains("typed by hand\r\n").doesNotContain("typed byecho");
  }

  @Test
  void aPromptDoesNotRunWhatAPersonHasTypedSinceAnInterrupt() {
    final String id = shell("bash");
    final Turn running = send(id, "sleep 1000");
    awaitState(running, TurnState.TURN_STATE_RUNNING);
    cancel(running);
    awaitPrompt(id, await(running));
    type(id, "touch ~/half");
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> printed(id).contains("touch ~/half"));

    final Turn waiting = send(id, "echo prompted");
    // The person thinks better of it.
    type(id, "\u0015\n");

    assertThat(output(await(waiting))).isEqualTo("prompted\r\n");
    assertThat(folder.resolve("half")).doesNotExist();
  }

  private String printed(String id) {
    return events(id).stream()
        .map(event -> event.getOutput().getData().toStringUtf8())
        .collect(Collectors.joining());
  }

  private void type(String id, String text) {
    server
        .sessions()
        .sendInput(
            SendInputRequest.newBuilder()
                .setSessionId(id)
                .setData(ByteString.copyFromUtf8(text))
                .build());
  }

  @Test
  void commandsTypedByHandAreNotTurnsButAreSeen() {
    final String id = shell("bash");
    await(send(id, "true"));
    type(id, "(exit 5)\n");
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() ->
            events(id).stream()
                .anyMatch(event ->
                    event.getCommandEnded().getExitCode() == 5
                        && event.getCommandEnded().getTurnId().isEmpty()));
  }

  @Test
  void theEndOfTheSessionEndsItsTurns() {
    final String id = shell("bash");
    final Turn running = send(id, "sleep 1000");
    final Turn waiting = send(id, "echo never");
    awaitState(running, TurnState.TURN_STATE_RUNNING);
    server
        .sessions()
        .stop(
            StopRequest.newBuilder()
                .setSessionId(id)
                .setGracePeriod(Duration.newBuilder().setSeconds(1))
                .build());
    assertThat(await(running).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(await(running).getEndReason())
        .isEqualTo(TurnEndReason.TURN_END_REASON_SESSION_ENDED);
    assertThat(await(waiting).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    final Turn exits = send(shell("bash"), "exit 4");
    assertThat(await(exits).getExit().getCode()).isEqualTo(4);
    assertThat(await(exits).getJudgedBy()).isEqualTo(EvidenceSource.EVIDENCE_SOURCE_PROCESS);
  }

  @Test
  void aShellWithoutMarksIsJudgedByStillnessAndSaysSo() {
    final String id = shell("sh");
    // Still is also a shell that has not started yet.
    Awaitility.await().atMost(java.time.Duration.ofSeconds(60)).until(() -> !printed(id).isEmpty());
    final Turn turn = await(send(id, "sleep 1; echo late"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(turn.getJudgedBy()).isEqualTo(EvidenceSource.EVIDENCE_SOURCE_STILLNESS);
    assertThat(turn.hasExit()).isFalse();
    assertThat(output(turn)).contains("late\r\nlate\r\n");
    assertThat(output(await(send(id, "echo again")))).contains("again\r\nagain\r\n");
  }

  /** What it has left behind holds its terminal, and so its end back. */
  @Test
  void aShellWithoutMarksThatHasEndedIsNotStill() {
    final String id = shell("sh");
    Awaitility.await().atMost(java.time.Duration.ofSeconds(60)).until(() -> !printed(id).isEmpty());
    await(send(id, "sleep 1000 &"));
    final Turn exits = send(id, "exit 3");
    final Turn waits = send(id, "echo never");
    assertThat(await(exits).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(await(exits).getExit().getCode()).isEqualTo(3);
    assertThat(await(waits).getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_SESSION_ENDED);
    assertThat(states(waits)).doesNotContain(TurnState.TURN_STATE_SUBMITTED);
  }

  @Test
  void aPromptThatNobodyReadsFails() {
    final String id =
        server
            .sessions()
            .create(
                CreateRequest.newBuilder()
                    .setTool("sh")
                    .setMode(SessionMode.SESSION_MODE_PIPES)
                    .build())
            .getSession()
            .getId();
    await(send(id, "exec sleep 1000 </dev/null"));
    final Turn unread = await(send(id, "echo never"));
    assertThat(unread.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(unread.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    final Turn next = await(send(id, "echo never"));
    assertThat(next.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(states(next)).containsOnlyOnce(TurnState.TURN_STATE_SUBMITTED);
  }

  /**
   * Nothing but the shell itself runs then, and it prints nothing for longer than it may be still.
   */
  @Test
  void aShellWithoutMarksThatComputesIsNotStill() {
    final String id = shell("sh");
    Awaitility.await().atMost(java.time.Duration.ofSeconds(60)).until(() -> !printed(id).isEmpty());
    final Turn turn =
        await(send(id, "i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done; echo coun''ted"));
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(output(turn)).contains("counted\r\n");
  }

  @Test
  void aForgedMarkEndsNoTurn() {
    final String id = shell("bash");
    final Turn turn =
        await(
            send(
                id,
                "printf '\\033]133;D;0\\007\\033]133;D;0;aid=x\\007'; sleep 0.3; echo end;"
                    + " (exit 6)"));
    assertThat(turn.getExit().getCode()).isEqualTo(6);
    assertThat(turn.getOutputPreview()).isEqualTo("end\n");
  }
}

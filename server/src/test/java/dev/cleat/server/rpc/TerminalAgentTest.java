package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.ScreenAgentUser.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Image;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prompts and conversations of full-screen agents that are real processes on a real terminal, and
 * bad ones among them: no prompt is lost, doubled or merged with what a person typed. They wait
 * more than they work, so they run side by side.
 */
@Order(2)
class TerminalAgentTest {
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

  @ConcurrentTest
  void promptsAreAnsweredOneAfterTheOther() throws Exception {
    final String id = user.create("fake");
    final Turn one = user.send(id, "one");
    final Turn two = user.send(id, "two\nlines, \t and a tab ");
    final Turn ended = user.succeeded(one);
    user.succeeded(two);

    assertThat(user.got()).containsExactly("PROMPT one", "PROMPT two\\nlines, \t and a tab");
    assertThat(ended.getOutputPreview()).isEqualTo("Answer to 3: one");
    assertThat(ended.getJudgedBy()).isEqualTo(EvidenceSource.EVIDENCE_SOURCE_SCREEN);
    assertThat(user.get(id).getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_TERMINAL);
  }

  private String createInFolder() {
    return user.create(user.request("fake").setWorkdir(user.folder().toString()));
  }

  /** Has an agent go on that shows a sign of work; one that soon is another is seen by nobody. */
  private void letGo(String file, String id, String tick) throws IOException {
    Awaitility.await().atMost(PATIENCE).until(() -> user.get(id).getTick().getValue().equals(tick));
    Files.createFile(user.folder().resolve(file));
  }

  @ConcurrentTest
  void signsOfWorkAreCountedAndTheLastIsKept() throws Exception {
    final String id = createInFolder();
    final Turn turn = user.send(id, "hold a b");
    letGo("a", id, "* Working (0s)");
    letGo("b", id, "* Working (1s)");
    user.succeeded(turn);

    assertThat(user.get(id).getTick().getValue()).isEqualTo("* Working (1s)");
    assertThat(user.get(id).getTick().getCount()).isEqualTo(2);
    Awaitility.await().atMost(PATIENCE).until(() -> !user.get(id).getTick().getActive());
  }

  @ConcurrentTest
  void activityIsSaidWithItsSourceAndNotForEachTick() throws Exception {
    final String id = createInFolder();
    final Turn turn = user.send(id, "hold a b");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> user.get(id).getActivity().getSource() == EvidenceSource.EVIDENCE_SOURCE_TICK);
    letGo("a", id, "* Working (0s)");
    letGo("b", id, "* Working (1s)");
    user.succeeded(turn);
    user.awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);

    final List<Event> changes = user.events(id).stream().filter(Event::hasActivityChanged).toList();
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
    final String id = user.create("fake", "deaf=40000");
    final Turn turn = user.send(id, "hello");
    user.succeeded(turn);

    assertThat(user.got()).containsExactly("PROMPT hello");
  }

  @ConcurrentTest
  void enterThatWasEatenIsPressedAgain() throws Exception {
    final String id = user.create("fake", "eats=2");
    user.succeeded(user.send(id, "hello"));
    user.succeeded(user.send(id, "again"));

    assertThat(user.got()).containsExactly("PROMPT hello", "PROMPT again");
  }

  @ConcurrentTest
  void longPasteReachesAnAgentThatKeepsTheEndOfWhatItReads() throws Exception {
    final String prompt =
        IntStream.range(0, 400).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));
    final String id = user.create("typed", "keeps=1022");
    user.succeeded(user.send(id, prompt));
    user.succeeded(user.send(id, "two\nlines"));

    assertThat(user.got()).containsExactly("PROMPT " + prompt, "PROMPT two\\nlines");
  }

  @ConcurrentTest
  void promptThatLosesItsBeginningIsNotSubmitted() throws Exception {
    final String id = user.create("fake", "loses=1");
    final Turn ended = user.await(user.send(id, "rm -r /tmp"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(user.got()).isEmpty();
    user.awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    user.type(id, "by hand\r");
    Awaitility.await().atMost(PATIENCE).until(() -> user.got().equals(List.of("PROMPT by hand")));
  }

  @ConcurrentTest
  void promptTallerThanTheScreenStandsThereWhole() throws Exception {
    final String prompt =
        IntStream.range(0, 40).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
    final String id = user.create("fake");
    user.succeeded(user.send(id, prompt));

    assertThat(user.got()).containsExactly("PROMPT " + prompt.replace("\n", "\\n"));
  }

  @ConcurrentTest
  void promptWaitsForAPersonToFinishTheLine() throws Exception {
    final String id = user.create("fake");
    user.awaitActivity(id, ActivityState.ACTIVITY_STATE_IDLE);
    user.type(id, "half a li");
    // An agent that has not shown it for long has nothing in its input line.
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() ->
            user.events(id).stream()
                .anyMatch(
                    event -> event.getOutput().getData().toStringUtf8().contains("> half a li")));
    final Turn turn = user.send(id, "hello");
    Awaitility.await()
        .during(java.time.Duration.ofSeconds(3))
        .atMost(PATIENCE)
        .until(() -> user.got().isEmpty());
    user.awaitState(turn, TurnState.TURN_STATE_QUEUED);
    user.type(id, "ne\r");
    user.succeeded(turn);

    assertThat(user.got()).containsExactly("PROMPT half a line", "PROMPT hello");
  }

  @ConcurrentTest
  void promptThatIsNeverSeenIsUncertain() throws Exception {
    final String id = user.create("late", "deaf=40000");
    final Turn ended = user.await(user.send(id, "hello"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
    assertThat(user.got()).isEmpty();
  }

  @ConcurrentTest
  void promptsOfAnAgentThatIsNeverReadyFail() throws Exception {
    final String id = user.create("strange");
    final Turn ended = user.await(user.send(id, "hello"));

    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(ended.getStatusMessage()).contains("not ready");
    assertThat(user.got()).isEmpty();
  }

  @ConcurrentTest
  void imagesAreRefused() {
    final String id = user.create("fake");
    Refused.by(() ->
            user.send(
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

  @ConcurrentTest
  void sessionOfTheToolIsFoundInItsFilesAndGoneOnWith() throws Exception {
    Files.createDirectory(user.folder().resolve("2026"));
    final String id =
        user.create(
            user.request("files")
                .setWorkdir(user.folder().toString())
                .putEnv("SESSIONS", user.folder().toString())
                .setModel("m1"));
    user.succeeded(user.send(id, "first"));
    Awaitility.await().atMost(PATIENCE).until(() -> !user.get(id).getResumeToken().isEmpty());
    final String token = user.get(id).getResumeToken();
    user.restart(id);
    user.succeeded(user.send(id, "second"));

    assertThat(user.got())
        .containsExactly(
            "MODEL m1", "PROMPT first", "RESUMES " + token, "MODEL m1", "PROMPT second");
    assertThat(user.get(id).getResumeToken()).isEqualTo(token);
  }

  @ConcurrentTest
  void sessionThatTheToolHadBeforeIsNotTaken() throws Exception {
    Files.createDirectory(user.folder().resolve("2026"));
    final CreateRequest.Builder request =
        user.request("files")
            .setWorkdir(user.folder().toString())
            .putEnv("SESSIONS", user.folder().toString());
    final String first = user.create(request);
    user.succeeded(user.send(first, "first"));
    Awaitility.await().atMost(PATIENCE).until(() -> !user.get(first).getResumeToken().isEmpty());
    final String second = user.create(request.addArgs("keeps-none=true"));
    user.succeeded(user.send(second, "second"));
    // Its second look comes behind the first, and both behind the first turn.
    user.succeeded(user.send(second, "third"));
    user.restart(second);
    user.succeeded(user.send(second, "fourth"));

    assertThat(user.get(second).getResumeToken()).isEmpty();
    assertThat(user.got())
        .containsExactly("PROMPT first", "PROMPT second", "PROMPT third", "PROMPT fourth");
  }
}

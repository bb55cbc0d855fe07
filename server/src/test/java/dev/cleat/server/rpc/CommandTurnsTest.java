package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_IMAGES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** An agent that is a command for each turn. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandTurnsTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(60);

  private TestServer server;
  private Prompter prompter;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server =
        TestServer.withTools(
            data,
            """
            tools:
              once:
                headless:
                  command: [sh, -c, 'echo "$1" >> talk; echo token=T1; echo "said $1"', sh, "{prompt}"]
                  resume: [sh, -c, 'echo "$1" >> "talk"; echo "$2 knows $(tr "\\n" " " < talk)"; case $1 in *fail*) echo sorry >&2; exit 7;; *wait*) exec sleep 1000;; esac', sh, "{prompt}", "{session}"]
                  output: plain
                  session_id: 'token=(\\w+)'
            """);
    prompter = server.prompter();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /** What begins like a picture, and is so long. */
  private static ByteString png(int bytes) {
    final byte[] data = new byte[bytes];
    System.arraycopy(HexFormat.of().parseHex("89504e470d0a1a0a"), 0, data, 0, 8);
    return ByteString.copyFrom(data);
  }

  @Test
  void commandsAreTurnsAndGoOnWithTheirConversation() {
    final String id = prompter.create(CreateRequest.newBuilder().setTool("once"));
    final Turn first = prompter.run(id, "one");
    final Turn second = prompter.run(id, "two $HOME; \"quoted\"");

    assertThat(first.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(first.getExit().getCode()).isZero();
    assertThat(prompter.get(id).getResumeToken()).isEqualTo("T1");
    assertThat(prompter.answer(second)).isEqualTo("T1 knows one two $HOME; \"quoted\" \n");
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_HEADLESS);
  }

  @Test
  void failedCommandSaysItsCodeAndItsErrors() {
    final String id = prompter.create(CreateRequest.newBuilder().setTool("once"));
    prompter.run(id, "one");
    final Turn failed = prompter.run(id, "fail");

    assertThat(failed.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(failed.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_EXIT_CODE);
    assertThat(failed.getExit().getCode()).isEqualTo(7);
    assertThat(failed.getErrorTail()).isEqualTo("sorry\n");
    assertThat(prompter.run(id, "on").getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void commandIsCancelledAndAStoppedSessionEndsWithIt() {
    final String id = prompter.create(CreateRequest.newBuilder().setTool("once"));
    prompter.run(id, "one");
    final Turn waiting = prompter.send(id, "wait");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> prompter.answer(waiting).startsWith("T1 knows"));
    prompter.cancel(waiting);
    assertThat(prompter.await(waiting).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);

    final Turn again = prompter.send(id, "wait");
    Awaitility.await().atMost(PATIENCE).until(() -> prompter.answer(again).startsWith("T1 knows"));
    final Session stopped =
        server
            .sessions()
            .stop(StopRequest.newBuilder().setSessionId(id).build())
            .getSessionsList()
            .getFirst();
    assertThat(stopped.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    assertThat(prompter.await(again).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
  }

  @Test
  void noCommandRunsWhileTheSessionIsPaused() {
    final String id = prompter.create(CreateRequest.newBuilder().setTool("once"));
    prompter.run(id, "one");
    server.sessions().pause(PauseRequest.newBuilder().setSessionId(id).build());

    final Turn waiting = prompter.send(id, "two");
    assertThat(waiting.getState()).isEqualTo(TurnState.TURN_STATE_QUEUED);
    assertThat(prompter.get(id).getState()).isEqualTo(SessionState.SESSION_STATE_PAUSED);
    server.sessions().resume(ResumeRequest.newBuilder().setSessionId(id).build());

    assertThat(prompter.await(waiting).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    final List<Event> events = prompter.events(id);
    final int paused =
        events.indexOf(
            events.stream()
                .filter(event ->
                    event.getStateChanged().getState() == SessionState.SESSION_STATE_PAUSED)
                .findFirst()
                .orElseThrow());
    assertThat(events.subList(paused, events.size()))
        .map(event ->
            event.hasStateChanged()
                ? event.getStateChanged().getState()
                : event.getTurnChanged().getTurn().getState())
        .filteredOn(state -> state != TurnState.TURN_STATE_UNSPECIFIED)
        .containsExactly(
            SessionState.SESSION_STATE_PAUSED,
            TurnState.TURN_STATE_ACCEPTED,
            TurnState.TURN_STATE_QUEUED,
            SessionState.SESSION_STATE_RUNNING,
            TurnState.TURN_STATE_SUBMITTED,
            TurnState.TURN_STATE_RUNNING,
            TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void pictureForACommandThatTakesNoneIsRefused() {
    final SendPromptRequest.Builder picture =
        SendPromptRequest.newBuilder()
            .setSessionId(prompter.create(CreateRequest.newBuilder().setTool("once")))
            .setPrompt("look")
            .addImages(Image.newBuilder().setMimeType("image/png").setData(png(9)));
    Refused.by(() -> server.sessions().sendPrompt(picture.build()))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_IMAGES)
        .field("images");
  }
}

package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionLifeTest {
  @TempDir Path data;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(data);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private Session create(String tool, String... args) {
    return server
        .sessions()
        .create(CreateRequest.newBuilder().setTool(tool).addAllArgs(List.of(args)).build())
        .getSession();
  }

  @Test
  void promptIsATurnWithItsExactExitCodeAndOutput() {
    final Session session = create("bash");
    final Turn turn = server.prompter().run(session.getId(), "echo hello; (exit 7)");
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getExit().getCode()).isEqualTo(7);
    assertThat(turn.getOutputPreview()).isEqualTo("hello\n");
    assertThat(turn.getPrompt()).isEqualTo("echo hello; (exit 7)");

    final AttachStream stream =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build());
    stream.await(s -> s.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
    final byte[] output = stream.output();
    assertThat(
            new String(
                output,
                (int) turn.getOutputStartOffset(),
                (int) (turn.getOutputEndOffset() - turn.getOutputStartOffset()),
                java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo("hello\r\n");
  }

  @Test
  void attachSeesEveryEventOnceAndTheExitLast() {
    final Session session = create("sh", "-c", "seq 1 20000; exit 3");
    final AttachStream stream =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build())
            .awaitEnd();
    assertThat(stream.error()).isEmpty();
    final List<Event> events = stream.events();
    assertThat(events.stream().mapToLong(Event::getSeq))
        .containsExactly(LongStream.rangeClosed(1, events.size()).boxed().toArray(Long[]::new));
    assertThat(events.getLast().getExited().getExit().getCode()).isEqualTo(3);
    assertThat(stream.last().getEnded().getReason()).isEqualTo(EndReason.END_REASON_EXITED);
    assertThat(stream.last().getEnded().getExit().getCode()).isEqualTo(3);
    assertThat(stream.text()).contains("\r\n19999\r\n20000\r\n");
  }

  @Test
  void inputIsEchoedAcknowledgedAndAppliedOnce() {
    final Session session = create("sh", "-c", "cat");
    final AttachStream stream =
        new AttachStream(
            server, AttachOpen.newBuilder().setSessionId(session.getId()).setWriterId("w").build());
    for (int i = 0; i < 3; i++) {
      stream
          .requests()
          .onNext(
              AttachRequest.newBuilder()
                  .setInput(
                      Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8("once\n")))
                  .build());
    }
    stream.awaitText("once\r\nonce\r\n");
    stream.await(s -> s.responses().stream().anyMatch(AttachResponse::hasInputAck));
    final Session stopped =
        server
            .sessions()
            .stop(StopRequest.newBuilder().setSessionId(session.getId()).build())
            .getSessions(0);
    assertThat(stopped.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    stream.awaitEnd();
    assertThat(stream.text()).isEqualTo("once\r\nonce\r\n");
  }

  @Test
  void journalAndTurnsAreBackAfterARestartOfTheServer() throws Exception {
    final Session session = create("bash");
    final AttachStream before =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build())
            .await(s -> s.events().stream().anyMatch(Event::hasPromptShown));
    server.close();
    server = TestServer.start(data);
    final Session back =
        server
            .sessions()
            .get(GetRequest.newBuilder().setSessionId(session.getId()).build())
            .getSession();
    assertThat(back.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    final AttachStream after =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build())
            .awaitEnd();
    assertThat(after.events()).startsWith(before.events().toArray(Event[]::new));
  }
}

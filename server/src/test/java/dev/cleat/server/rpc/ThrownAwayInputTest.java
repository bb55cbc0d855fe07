package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRONG_STATE;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Attached;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.InputRange;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.StopRequest;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Input that no process took is never said to have been applied. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ThrownAwayInputTest {
  /** More than a pipe takes. */
  private static final int MUCH = 300_000;

  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Session create(String script) {
    return server
        .sessions()
        .create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addArgs("-c")
                .addArgs(script)
                .setMode(SessionMode.SESSION_MODE_PIPES)
                .build())
        .getSession();
  }

  private void stop(Session session) {
    final var _ =
        server
            .sessions()
            .stop(
                StopRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setGracePeriod(Duration.getDefaultInstance())
                    .build());
  }

  private void restart(Session session) {
    final var _ =
        server
            .sessions()
            .restart(
                RestartRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setGracePeriod(Duration.getDefaultInstance())
                    .build());
  }

  private void delete(Session session) {
    final var _ =
        server
            .sessions()
            .delete(
                DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
  }

  private static SendInputRequest numbered(Session session, long seq, ByteString data) {
    return SendInputRequest.newBuilder()
        .setSessionId(session.getId())
        .setWriterId("w")
        .setInputSeq(seq)
        .setData(data)
        .build();
  }

  private AttachStream attach(Session session) {
    return server
        .attach(
            AttachOpen.newBuilder()
                .setSessionId(session.getId())
                .setWriterId("w")
                .setFollowRestarts(true))
        .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
  }

  private static Attached attached(AttachStream stream) {
    return stream.responses().getFirst().getAttached();
  }

  private static void type(AttachStream stream, long seq, String text) {
    stream
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(
                    Input.newBuilder().setInputSeq(seq).setData(ByteString.copyFromUtf8(text)))
                .build());
  }

  private static void awaitAck(AttachStream stream, long seq, boolean discarded) {
    stream.await(s ->
        s.responses().stream()
            .filter(AttachResponse::hasInputAck)
            .map(AttachResponse::getInputAck)
            .anyMatch(ack -> ack.getInputSeq() == seq && ack.getDiscarded() == discarded));
  }

  @Test
  void aCallWhoseInputNoProcessTookIsTypedWhenItIsMadeAgain(@TempDir Path folder) throws Exception {
    final Path second = folder.resolve("second");
    final Session session =
        create(
            "[ -e "
                + second
                + " ] && exec cat; touch "
                + second
                + "; dd bs=1 count=1 of=/dev/null 2>/dev/null; echo stuck; exec sleep 1000");
    final AttachStream stream =
        server.attach(
            AttachOpen.newBuilder().setSessionId(session.getId()).setFollowRestarts(true));
    final SendInputRequest request =
        numbered(session, 1, ByteString.copyFromUtf8("x".repeat(MUCH - 1) + "y"));
    final CompletableFuture<Void> refused =
        CompletableFuture.runAsync(
            () ->
                Refused.by(() -> server.sessions().sendInput(request))
                    .with(FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE),
            task -> Thread.ofVirtual().start(task));
    stream.awaitText("stuck");
    stop(session);
    refused.get(2, TimeUnit.MINUTES);
    Refused.by(() -> server.sessions().sendInput(request))
        .with(FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE);

    restart(session);
    for (int i = 0; i < 2; i++) {
      assertThat(server.sessions().sendInput(request).getInputSeq()).isEqualTo(1);
    }
    assertThat(
            server
                .sessions()
                .sendInput(numbered(session, 2, ByteString.copyFromUtf8("z")))
                .getInputSeq())
        .isEqualTo(2);
    stream.awaitText("z");
    assertThat(stream.text()).isEqualTo("stuck\n" + "x".repeat(MUCH - 1) + "yz");
    delete(session);
  }

  @Test
  void aWriterThatComesBackHearsWhatWasThrownAway() {
    final Session session = create("exec cat");
    stop(session);
    final AttachStream first = attach(session);
    assertThat(attached(first).getKnownWriter()).isFalse();
    assertThat(attached(first).getNextInputSeq()).isEqualTo(1);
    type(first, 1, "a");
    type(first, 2, "b");
    awaitAck(first, 2, true);
    restart(session);
    type(first, 3, "c");
    awaitAck(first, 3, false);

    final AttachStream second = attach(session);
    assertThat(attached(second).getKnownWriter()).isTrue();
    assertThat(attached(second).getNextInputSeq()).isEqualTo(4);
    assertThat(attached(second).getDiscardedInputList())
        .containsExactly(InputRange.newBuilder().setFirstSeq(1).setLastSeq(2).build());

    type(second, 1, "a");
    awaitAck(second, 2, true);
    awaitAck(second, 3, false);
    Refused.by(
            () -> server.sessions().sendInput(numbered(session, 1, ByteString.copyFromUtf8("a"))))
        .with(FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE);
    assertThat(
            server
                .sessions()
                .sendInput(numbered(session, 3, ByteString.copyFromUtf8("c")))
                .getInputSeq())
        .isEqualTo(3);
    type(second, 4, "d");
    second.awaitText("d");
    assertThat(second.text()).isEqualTo("cd");
    delete(session);
  }
}

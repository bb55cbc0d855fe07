package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_AHEAD_OF_HEAD;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INPUT_HOLE;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_READ_ONLY;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOO_LARGE;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_EPOCH;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRITER_REPLACED;
import static io.grpc.Status.Code.ABORTED;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.OUT_OF_RANGE;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Input;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What readers and writers may get wrong: nothing is lost over it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadAttachTest {
  private TestServer server;
  private CatSessions cats;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
    cats = new CatSessions(server.sessions());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static AttachRequest input(long seq, ByteString data) {
    return AttachRequest.newBuilder()
        .setInput(Input.newBuilder().setInputSeq(seq).setData(data))
        .build();
  }

  @Test
  void fiveMebibytesOfInputAreTooMany() {
    final Session session = cats.created();
    final ByteString five = ByteString.copyFrom(new byte[5 << 20]);
    Refused.by(() ->
            server
                .sessions()
                .sendInput(
                    SendInputRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setData(five)
                        .build()))
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE)
        .field("data");
    final AttachStream stream =
        server
            .attach(AttachOpen.newBuilder().setSessionId(session.getId()))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(1, five));
    stream.refused().with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE).field("input.data");
    Refused.by(() ->
            server
                .sessions()
                .sendInput(
                    SendInputRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setData(ByteString.copyFrom(new byte[(1 << 20) + 1]))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_TOO_LARGE)
        .field("data");
  }

  @Test
  void whatIsTooMuchIsSoAlsoWhenItComesCompressed() {
    final Session session = cats.created();
    final SendInputRequest five =
        SendInputRequest.newBuilder()
            .setSessionId(session.getId())
            .setData(ByteString.copyFrom(new byte[5 << 20]))
            .build();

    Refused.by(() -> server.sessions().withCompression("gzip").sendInput(five))
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE)
        .field("data");
    final SendInputRequest little = five.toBuilder().setData(ByteString.copyFromUtf8("\n")).build();
    assertThatCode(() -> server.sessions().withCompression("gzip").sendInput(little))
        .doesNotThrowAnyException();
  }

  @Test
  void aReaderBeyondTheHeadIsToldWhereThatIs() {
    final Session session = cats.ended();
    server
        .attach(AttachOpen.newBuilder().setSessionId(session.getId()).setAfterSeq(9999))
        .refused()
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD)
        .field("after_seq")
        .metadata("head_seq", Long.toString(session.getHeadSeq()));
    Refused.by(() ->
            server
                .sessions()
                .readEvents(
                    ReadEventsRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setAfterSeq(9999)
                        .build()))
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD)
        .field("after_seq");
  }

  @Test
  void anEpochThatNeverWasIsRefused() {
    final Session session = cats.ended();
    server
        .attach(AttachOpen.newBuilder().setSessionId(session.getId()).setEpoch(7).setAfterSeq(1))
        .refused()
        .with(OUT_OF_RANGE, ERROR_REASON_UNKNOWN_EPOCH)
        .field("epoch")
        .metadata("current_epoch", "1");
  }

  @Test
  void aHoleInTheInputSaysWhatWasExpected() {
    final Session session = cats.created();
    final AttachStream stream =
        server
            .attach(AttachOpen.newBuilder().setSessionId(session.getId()).setWriterId("hole"))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(2, ByteString.copyFromUtf8("x")));
    stream
        .refused()
        .with(FAILED_PRECONDITION, ERROR_REASON_INPUT_HOLE)
        .field("input.input_seq")
        .metadata("expected_input_seq", "1");
  }

  @Test
  void aSecondWriterWithTheSameIdReplacesTheFirst() {
    final Session session =
        server.sessions().create(CatSessions.request().setName("replaced").build()).getSession();
    final AttachOpen.Builder open = AttachOpen.newBuilder().setName("replaced").setWriterId("same");
    final AttachStream first =
        server
            .attach(open)
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    final AttachStream second =
        server
            .attach(open)
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    first
        .refused()
        .with(ABORTED, ERROR_REASON_WRITER_REPLACED)
        .field("open.writer_id")
        .metadata("session_id", session.getId())
        .metadata("writer_id", "same");
    second.requests().onNext(input(1, ByteString.copyFromUtf8("still here\n")));
    second.awaitText("still here");
  }

  @Test
  void aWatcherDoesNotType() {
    final Session session = cats.created();
    final AttachStream stream =
        server
            .attach(AttachOpen.newBuilder().setSessionId(session.getId()).setReadOnly(true))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(1, ByteString.copyFromUtf8("x")));
    stream.refused().with(FAILED_PRECONDITION, ERROR_REASON_READ_ONLY);
  }

  @Test
  void attachBeginsWithOpen() {
    final AttachStream stream =
        new AttachStream(server, input(1, ByteString.copyFromUtf8("x"))).awaitEnd();
    Refused.of(stream.error().orElse(null))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("open");
    final AttachStream empty =
        new AttachStream(server, AttachRequest.getDefaultInstance()).awaitEnd();
    Refused.of(empty.error().orElse(null))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("open");
  }
}

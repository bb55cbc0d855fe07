package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_AHEAD_OF_HEAD;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INPUT_HOLE;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NAME_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_READ_ONLY;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_REQUEST_ID_REUSED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_ID_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_RUNNING;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOO_LARGE;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_EPOCH;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_TOOL;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WORKDIR_MISSING;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WORKDIR_NOT_A_DIRECTORY;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRITER_REPLACED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRONG_STATE;
import static io.grpc.Status.Code.ABORTED;
import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.OUT_OF_RANGE;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.UnknownFieldSet;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a caller may get wrong: each has its code, its reason and its field, and nothing is lost
 * over it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
  private Path data;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    data = folder;
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private SessionServiceBlockingStub calls() {
    return server.sessions();
  }

  private Refused creating(CreateRequest.Builder request) {
    return Refused.by(() -> calls().create(request.build()));
  }

  private static CreateRequest.Builder cat() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("cat");
  }

  private Session created() {
    return calls().create(cat().build()).getSession();
  }

  private Session ended() {
    final Session session = created();
    return calls()
        .stop(
            StopRequest.newBuilder()
                .setSessionId(session.getId())
                .setGracePeriod(Duration.getDefaultInstance())
                .build())
        .getSessions(0);
  }

  private AttachStream attach(AttachOpen.Builder open) {
    return new AttachStream(server, open.build());
  }

  private Refused refusedAttach(AttachOpen.Builder open) {
    return Refused.of(attach(open).awaitEnd().error().orElse(null));
  }

  @Test
  void unknownToolIsNamedWithNearOnes() {
    final Refused refused = creating(CreateRequest.newBuilder().setTool("bsh"));
    refused.with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL).field("tool").metadata("tool", "bsh");
    assertThat(refused.message()).contains("bash");
  }

  @Test
  void workdirMustExist() {
    creating(cat().setWorkdir("/no/such/place"))
        .with(FAILED_PRECONDITION, ERROR_REASON_WORKDIR_MISSING)
        .field("workdir");
  }

  @Test
  void workdirMustBeAFolder() throws Exception {
    final Path file = Files.createFile(data.resolve("file"));
    creating(cat().setWorkdir(file.toString()))
        .with(FAILED_PRECONDITION, ERROR_REASON_WORKDIR_NOT_A_DIRECTORY)
        .field("workdir");
  }

  @Test
  void workdirMustBeAbsolute() {
    creating(cat().setWorkdir("here"))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("workdir");
  }

  @Test
  void sizesAreBounded() {
    creating(cat().setSize(TerminalSize.newBuilder().setRows(0).setColumns(100_000)))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
    final Session session = created();
    Refused.by(() ->
            calls()
                .resize(
                    ResizeRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setSize(TerminalSize.newBuilder().setRows(100_000))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
    refusedAttach(
            AttachOpen.newBuilder()
                .setSessionId(session.getId())
                .setSize(TerminalSize.getDefaultInstance()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
  }

  @Test
  void environmentNamesAreChecked() {
    creating(cat().putEnv("A=B", "x").putEnv("N\0UL", "x").putEnv("", "x").putEnv("OK", "\0"))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("env[\"A=B\"]", "env[\"N?UL\"]", "env[\"\"]", "env[\"OK\"]");
  }

  @Test
  void everyViolationIsNamedAtOnce() {
    creating(CreateRequest.newBuilder().setWorkdir("x").setSessionId("/etc").setName("a\nb"))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("tool", "workdir", "session_id", "name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../etc/passwd", "/etc", "a/b", ".", "A", "-a", "ä", "_changes"})
  void sessionIdIsNoPath(String id) {
    creating(cat().setSessionId(id))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
    Refused.by(() -> calls().get(GetRequest.newBuilder().setSessionId(id).build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
  }

  @Test
  void idsAndNamesAreTakenOnce() {
    final Session session =
        calls().create(cat().setSessionId("taken").setName("taken name").build()).getSession();
    creating(cat().setSessionId("taken"))
        .with(ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN)
        .field("session_id");
    creating(cat().setName("taken name"))
        .with(ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .field("name")
        .metadata("session_id", session.getId());
    final Session other = created();
    Refused.by(() ->
            calls()
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(other.getId())
                        .setSession(Session.newBuilder().setName("taken name"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()))
        .with(ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .field("name");
    calls().delete(DeleteRequest.newBuilder().setSessionId("taken").setForce(true).build());
    creating(cat().setSessionId("taken"))
        .with(ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN)
        .field("session_id");
  }

  @Test
  void aRequestIdIsForOneRequest() {
    calls().create(cat().setRequestId("r1").build());
    creating(cat().setRequestId("r1").addArgs("more"))
        .with(INVALID_ARGUMENT, ERROR_REASON_REQUEST_ID_REUSED)
        .field("request_id");
  }

  @Test
  void fiveMebibytesOfInputAreTooMany() {
    final Session session = created();
    final ByteString five = ByteString.copyFrom(new byte[5 << 20]);
    Refused.by(() ->
            calls()
                .sendInput(
                    SendInputRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setData(five)
                        .build()))
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE)
        .field("data");
    final AttachStream stream =
        attach(AttachOpen.newBuilder().setSessionId(session.getId()))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(1, five));
    Refused.of(stream.awaitEnd().error().orElse(null))
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE)
        .field("input.data");
    Refused.by(() ->
            calls()
                .sendInput(
                    SendInputRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setData(ByteString.copyFrom(new byte[(1 << 20) + 1]))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_TOO_LARGE)
        .field("data");
  }

  private static AttachRequest input(long seq, ByteString data) {
    return AttachRequest.newBuilder()
        .setInput(Input.newBuilder().setInputSeq(seq).setData(data))
        .build();
  }

  @Test
  void aReaderBeyondTheHeadIsToldWhereThatIs() {
    final Session session = ended();
    refusedAttach(AttachOpen.newBuilder().setSessionId(session.getId()).setAfterSeq(9999))
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD)
        .field("after_seq")
        .metadata("head_seq", Long.toString(session.getHeadSeq()));
    Refused.by(() ->
            calls()
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
    final Session session = ended();
    refusedAttach(AttachOpen.newBuilder().setSessionId(session.getId()).setEpoch(7).setAfterSeq(1))
        .with(OUT_OF_RANGE, ERROR_REASON_UNKNOWN_EPOCH)
        .field("epoch")
        .metadata("current_epoch", "1");
  }

  @Test
  void aHoleInTheInputSaysWhatWasExpected() {
    final Session session = created();
    final AttachStream stream =
        attach(AttachOpen.newBuilder().setSessionId(session.getId()).setWriterId("hole"))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(2, ByteString.copyFromUtf8("x")));
    Refused.of(stream.awaitEnd().error().orElse(null))
        .with(FAILED_PRECONDITION, ERROR_REASON_INPUT_HOLE)
        .field("input.input_seq")
        .metadata("expected_input_seq", "1");
  }

  @Test
  void aSecondWriterWithTheSameIdReplacesTheFirst() {
    final Session session = created();
    final AttachOpen.Builder open =
        AttachOpen.newBuilder().setSessionId(session.getId()).setWriterId("same");
    final AttachStream first =
        attach(open).await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    final AttachStream second =
        attach(open).await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    Refused.of(first.awaitEnd().error().orElse(null))
        .with(ABORTED, ERROR_REASON_WRITER_REPLACED)
        .field("open.writer_id")
        .metadata("writer_id", "same");
    second.requests().onNext(input(1, ByteString.copyFromUtf8("still here\n")));
    second.awaitText("still here");
  }

  @Test
  void aWatcherDoesNotType() {
    final Session session = created();
    final AttachStream stream =
        attach(AttachOpen.newBuilder().setSessionId(session.getId()).setReadOnly(true))
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    stream.requests().onNext(input(1, ByteString.copyFromUtf8("x")));
    Refused.of(stream.awaitEnd().error().orElse(null))
        .with(FAILED_PRECONDITION, ERROR_REASON_READ_ONLY);
  }

  @Test
  void textThatIsNotUtf8IsNamedByItsField() {
    final MethodDescriptor<byte[], CreateResponse> raw =
        SessionServiceGrpc.getCreateMethod().toBuilder(
                new Bytes(), SessionServiceGrpc.getCreateMethod().getResponseMarshaller())
            .build();
    final byte[] request =
        UnknownFieldSet.newBuilder()
            .addField(
                CreateRequest.TOOL_FIELD_NUMBER,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFromUtf8("sh"))
                    .build())
            .addField(
                CreateRequest.NAME_FIELD_NUMBER,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFrom(new byte[] {'a', (byte) 0xC3}))
                    .build())
            .build()
            .toByteArray();
    Refused.by(() ->
            ClientCalls.blockingUnaryCall(server.channel(), raw, CallOptions.DEFAULT, request))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("name");
  }

  /** Requests as the test has made them. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new AssertionError("requests are only sent");
    }
  }

  @Test
  void aPageTokenBelongsToItsQuery() {
    created();
    created();
    final ListRequest.Builder query =
        ListRequest.newBuilder().setPageSize(1).setFilter(SessionFilter.newBuilder().setTool("sh"));
    final ListResponse page = calls().list(query.build());
    assertThat(page.getNextPageToken()).isNotEmpty();
    assertThat(calls().list(query.setPageToken(page.getNextPageToken()).build()).getSessionsList())
        .doesNotContainAnyElementsOf(page.getSessionsList());
    for (String token : List.of(page.getNextPageToken(), "x", "AAAA", "%%")) {
      Refused.by(() ->
              calls().list(ListRequest.newBuilder().setPageSize(1).setPageToken(token).build()))
          .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN)
          .field("page_token");
    }
  }

  @Test
  void aRunningSessionIsNotDeleted() {
    final Session session = created();
    Refused.by(
            () -> calls().delete(DeleteRequest.newBuilder().setSessionId(session.getId()).build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_SESSION_RUNNING)
        .metadata("session_id", session.getId());
    assertThat(
            calls()
                .delete(
                    DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build())
                .getSessionIdsList())
        .containsExactly(session.getId());
  }

  @Test
  void anEndedSessionTakesNoInputAndNoPrompt() {
    final String id = ended().getId();
    final Map<String, Callable<?>> refused =
        Map.of(
            "prompt",
            () ->
                calls()
                    .sendPrompt(
                        SendPromptRequest.newBuilder().setSessionId(id).setPrompt("x").build()),
            "input",
            () ->
                calls()
                    .sendInput(
                        SendInputRequest.newBuilder()
                            .setSessionId(id)
                            .setData(ByteString.copyFromUtf8("x"))
                            .build()),
            "pause",
            () -> calls().pause(PauseRequest.newBuilder().setSessionId(id).build()),
            "resume",
            () -> calls().resume(ResumeRequest.newBuilder().setSessionId(id).build()),
            "interrupt",
            () -> calls().interrupt(InterruptRequest.newBuilder().setSessionId(id).build()));
    refused.forEach((name, call) ->
        Refused.by(call::call)
            .with(FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE)
            .metadata("state", "exited"));
  }

  @Test
  void everyCallOnADeletedSessionSaysThatItIsGone() {
    final String id = ended().getId();
    calls().delete(DeleteRequest.newBuilder().setSessionId(id).build());
    final List<Callable<?>> all =
        List.of(
            () -> calls().get(GetRequest.newBuilder().setSessionId(id).build()),
            () ->
                calls()
                    .update(
                        UpdateRequest.newBuilder()
                            .setSessionId(id)
                            .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                            .build()),
            () -> calls().delete(DeleteRequest.newBuilder().setSessionId(id).build()),
            () -> calls().stop(StopRequest.newBuilder().setSessionId(id).build()),
            () -> calls().restart(RestartRequest.newBuilder().setSessionId(id).build()),
            () -> calls().pause(PauseRequest.newBuilder().setSessionId(id).build()),
            () -> calls().resume(ResumeRequest.newBuilder().setSessionId(id).build()),
            () -> calls().interrupt(InterruptRequest.newBuilder().setSessionId(id).build()),
            () -> calls().setActive(SetActiveRequest.newBuilder().setSessionId(id).build()),
            () -> calls().sendInput(SendInputRequest.newBuilder().setSessionId(id).build()),
            () -> calls().resize(ResizeRequest.newBuilder().setSessionId(id).build()),
            () -> calls().readEvents(ReadEventsRequest.newBuilder().setSessionId(id).build()),
            () ->
                calls()
                    .sendPrompt(
                        SendPromptRequest.newBuilder().setSessionId(id).setPrompt("x").build()),
            () ->
                calls()
                    .getTurn(GetTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()),
            () -> calls().listTurns(ListTurnsRequest.newBuilder().setSessionId(id).build()),
            () ->
                calls()
                    .waitTurn(WaitTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()),
            () ->
                calls()
                    .cancelTurn(
                        CancelTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()));
    all.forEach(call ->
        Refused.by(call::call)
            .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
            .metadata("session_id", id));
    refusedAttach(AttachOpen.newBuilder().setSessionId(id))
        .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
        .metadata("session_id", id);
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

  @Test
  void aTurnThatIsNotThereIsNotFound() {
    final String id = created().getId();
    Refused.by(() ->
            calls().getTurn(GetTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()))
        .with(NOT_FOUND, ERROR_REASON_TURN_NOT_FOUND)
        .metadata("turn_id", "x");
  }

  @Test
  void promptsHaveNoControlCharacters() {
    final String id = created().getId();
    Refused.by(() ->
            calls()
                .sendPrompt(
                    SendPromptRequest.newBuilder()
                        .setSessionId(id)
                        .setPrompt("echo \u001b[201~")
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("prompt");
  }
}

package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NAME_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_REQUEST_ID_REUSED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_ID_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_TOOL;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WORKDIR_MISSING;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WORKDIR_NOT_A_DIRECTORY;
import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import com.google.protobuf.UnknownFieldSet;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.UpdateRequest;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller may get wrong about a session that is to be made. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadCreateTest {
  private Path data;
  private TestServer server;
  private CatSessions cats;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    data = folder;
    server = TestServer.start(data);
    cats = new CatSessions(server.sessions());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Refused creating(CreateRequest.Builder request) {
    return Refused.by(() -> server.sessions().create(request.build()));
  }

  @Test
  void unknownToolIsNamedWithNearOnes() {
    final Refused refused = creating(CreateRequest.newBuilder().setTool("bsh"));
    refused.with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL).field("tool").metadata("tool", "bsh");
    assertThat(refused.message()).contains("bash");
  }

  @Test
  void workdirMustExist() {
    creating(CatSessions.request().setWorkdir("/no/such/place"))
        .with(FAILED_PRECONDITION, ERROR_REASON_WORKDIR_MISSING)
        .field("workdir");
  }

  @Test
  void workdirMustBeAFolder() throws Exception {
    final Path file = Files.createFile(data.resolve("file"));
    creating(CatSessions.request().setWorkdir(file.toString()))
        .with(FAILED_PRECONDITION, ERROR_REASON_WORKDIR_NOT_A_DIRECTORY)
        .field("workdir");
  }

  @Test
  void workdirMustBeAbsolute() {
    creating(CatSessions.request().setWorkdir("here"))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("workdir");
  }

  @Test
  void sizesAreBounded() {
    creating(
            CatSessions.request().setSize(TerminalSize.newBuilder().setRows(0).setColumns(100_000)))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
    final Session session = cats.created();
    Refused.by(() ->
            server
                .sessions()
                .resize(
                    ResizeRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setSize(TerminalSize.newBuilder().setRows(100_000))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
    server
        .attach(
            AttachOpen.newBuilder()
                .setSessionId(session.getId())
                .setSize(TerminalSize.getDefaultInstance()))
        .refused()
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("size.rows", "size.columns");
  }

  @Test
  void environmentNamesAreChecked() {
    creating(
            CatSessions.request()
                .putEnv("A=B", "x")
                .putEnv("N\0UL", "x")
                .putEnv("", "x")
                .putEnv("OK", "\0"))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("env[\"A=B\"]", "env[\"N?UL\"]", "env[\"\"]", "env[\"OK\"]");
  }

  /** Each of them is shown to others, and the refusal itself to whoever reads a log. */
  @Test
  void whatOthersReadHasNoControlCharacters() {
    final String evil = "a\u001b]0;b\u0007\u009bc\nd";
    final String[] fields = {
      "name",
      "model",
      "role",
      "workspace",
      "request_id",
      "caller",
      "resume_token",
      "approvals.auto_approve[0].tool",
      "labels[\"k\"]",
      "labels[\"a?]0;b??c?d\"]"
    };
    final Refused created =
        creating(
                CatSessions.request()
                    .setName(evil)
                    .setModel(evil)
                    .setRole(evil)
                    .setWorkspace(evil)
                    .setRequestId(evil)
                    .setCaller(evil)
                    .setResumeToken(evil)
                    .setApprovals(
                        ApprovalSettings.newBuilder()
                            .addAutoApprove(ApprovalRule.newBuilder().setTool(evil)))
                    .putLabels("k", evil)
                    .putLabels(evil, "v"))
            .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
            .field(fields);
    assertThat(created.fields() + created.message() + created.infos())
        .doesNotContain("\u001b", "\u0007", "\u009b");

    final Session session = cats.created();
    Refused.by(() ->
            server
                .sessions()
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setSession(
                            Session.newBuilder()
                                .setName(evil)
                                .setModel(evil)
                                .setRole(evil)
                                .setWorkspace(evil)
                                .putLabels("k", evil))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name").addPaths("labels"))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field(
            "session.name",
            "session.model",
            "session.role",
            "session.workspace",
            "session.labels[\"k\"]");
    Refused.by(() ->
            server
                .sessions()
                .setActive(
                    SetActiveRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setCaller(evil)
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("caller");
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
    creating(CatSessions.request().setSessionId(id))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
    Refused.by(() -> server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
  }

  @Test
  void idsAndNamesAreTakenOnce() {
    final Session session =
        server
            .sessions()
            .create(CatSessions.request().setSessionId("taken").setName("taken name").build())
            .getSession();
    creating(CatSessions.request().setSessionId("taken"))
        .with(ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN)
        .field("session_id");
    creating(CatSessions.request().setName("taken name"))
        .with(ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .field("name")
        .metadata("session_id", session.getId());
    final Session other = cats.created();
    Refused.by(() ->
            server
                .sessions()
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(other.getId())
                        .setSession(Session.newBuilder().setName("taken name"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()))
        .with(ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .field("name");
    server
        .sessions()
        .delete(DeleteRequest.newBuilder().setSessionId("taken").setForce(true).build());
    creating(CatSessions.request().setSessionId("taken"))
        .with(ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN)
        .field("session_id");
  }

  @Test
  void aRequestIdIsForOneRequest() {
    server.sessions().create(CatSessions.request().setRequestId("r1").build());
    creating(CatSessions.request().setRequestId("r1").addArgs("more"))
        .with(INVALID_ARGUMENT, ERROR_REASON_REQUEST_ID_REUSED)
        .field("request_id");
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
}

package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.telemetry.Calls;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Who changed what, as it is written down. */
class AuditTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = "correct-horse";

  private static TestServer start(Path folder, String required) throws Exception {
    return TestServer.start(
        folder.resolve("data"),
        Map.of(
            "audit.file",
            folder.resolve("audit").resolve("log").toString(),
            "audit.required",
            required));
  }

  private static Path file(Path folder) throws IOException {
    return Files.createDirectories(folder.resolve("audit")).resolve("log");
  }

  static List<JsonNode> records(Path file) {
    try {
      final List<JsonNode> records = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        records.add(JSON.readTree(line));
      }
      return records;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode await(Path file, Predicate<JsonNode> wanted) {
    return Objects.requireNonNull(
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(
                () -> records(file).stream().filter(wanted).findFirst().orElse(null),
                Objects::nonNull));
  }

  private static Predicate<JsonNode> of(String method, String phase) {
    return record ->
        record.path("method").asText().equals("SessionService/" + method)
            && record.path("phase").asText().equals(phase);
  }

  private static CreateRequest.Builder shell(Path folder) {
    return CreateRequest.newBuilder()
        .setTool("sh")
        .setRequestId("r-1")
        .putEnv("HOME", folder.toString())
        .putEnv("TOKEN", SECRET);
  }

  @Test
  void whatIsDoneIsWrittenDownWithSizesInPlaceOfContents(@TempDir Path folder) throws Exception {
    final Path file = file(folder);
    try (TestServer server = start(folder, "false")) {
      final String id = server.sessions().create(shell(folder).build()).getSession().getId();
      server
          .sessions()
          .sendInput(
              SendInputRequest.newBuilder()
                  .setSessionId(id)
                  .setData(ByteString.copyFromUtf8("echo " + SECRET + "\n"))
                  .build());
      server
          .sessions()
          .sendPrompt(
              SendPromptRequest.newBuilder().setSessionId(id).setPrompt("echo " + SECRET).build());
      final Status.Code gone =
          Refused.by(() ->
                  server.sessions().stop(StopRequest.newBuilder().setSessionId("nobody").build()))
              .code();
      server
          .sessions()
          .delete(
              DeleteRequest.newBuilder()
                  .setFilter(SessionFilter.newBuilder().setTool("sh"))
                  .setForce(true)
                  .build());

      // Each of them before its caller heard of it.
      final List<JsonNode> records = records(file);
      assertThat(records)
          .extracting(record -> record.path("method").asText())
          .containsExactly(
              "SessionService/Create",
              "SessionService/SendInput",
              "SessionService/SendPrompt",
              "SessionService/Stop",
              "SessionService/Delete");
      assertThat(Files.readString(file)).doesNotContain(SECRET);
      final JsonNode create = records.getFirst();
      assertThat(create.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
      assertThat(create.path("tenant").asText()).isEqualTo("default");
      assertThat(create.path("subject").asText()).isEqualTo("anonymous");
      assertThat(create.path("peer").asText()).matches("127\\.0\\.0\\.1:\\d+");
      assertThat(create.path("session").asText()).isEqualTo(id);
      assertThat(create.path("code").asText()).isEqualTo("OK");
      assertThat(create.path("request").path("request_id").asText()).isEqualTo("r-1");
      assertThat(create.path("request").path("env").toString()).isEqualTo("[\"HOME\",\"TOKEN\"]");
      assertThat(records.get(1).path("request").path("data_bytes").asInt()).isEqualTo(19);
      assertThat(records.get(2).path("request").path("prompt_bytes").asInt()).isEqualTo(18);
      assertThat(records.get(3).path("code").asText()).isEqualTo(gone.name());
      assertThat(records.get(3).path("reason").asText()).isEqualTo("SESSION_NOT_FOUND");
      assertThat(records.get(4).path("sessions").toString()).isEqualTo("[\"" + id + "\"]");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void aWriterIsWrittenDownAtItsBeginningAndItsEnd(@TempDir Path folder) throws Exception {
    final Path file = file(folder);
    try (TestServer server = start(folder, "false")) {
      final String id = server.sessions().create(shell(folder).build()).getSession().getId();
      final AttachStream watcher =
          new AttachStream(
              server, AttachOpen.newBuilder().setSessionId(id).setReadOnly(true).build());
      final AttachStream writer =
          new AttachStream(server, AttachOpen.newBuilder().setSessionId(id).build());
      writer.await(stream -> !stream.responses().isEmpty());
      await(file, of("Attach", "begun"));
      writer
          .requests()
          .onNext(
              AttachRequest.newBuilder()
                  .setInput(
                      Input.newBuilder()
                          .setInputSeq(1)
                          .setData(ByteString.copyFromUtf8("# " + SECRET + "\n")))
                  .build());
      writer.awaitText(SECRET);
      writer.requests().onError(Status.CANCELLED.asException());

      final JsonNode end = await(file, of("Attach", "ended"));
      assertThat(end.path("session").asText()).isEqualTo(id);
      assertThat(end.path("code").asText()).isEqualTo("CANCELLED");
      assertThat(end.path("input_bytes").asInt()).isEqualTo(3 + SECRET.length());
      watcher.requests().onError(Status.CANCELLED.asException());
      server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).setForce(true).build());
      await(file, of("Delete", "ended"));
      assertThat(records(file).stream().filter(of("Attach", "begun"))).hasSize(1);
      assertThat(records(file).stream().filter(of("Attach", "ended"))).hasSize(1);
      assertThat(Files.readString(file)).doesNotContain(SECRET);
    }
  }

  /** Every method of the contract, also those that are yet to come. */
  @Test
  void everyCallThatMayChangeSomethingIsWrittenDownAndNoOther(@TempDir Path folder)
      throws Exception {
    final Path file = file(folder);
    try (TestServer server = start(folder, "false")) {
      final List<String> expected = new ArrayList<>();
      for (Contract.Call call : Contract.calls()) {
        final AnyCall any = new AnyCall(call);
        // Most are refused, and that is written down too.
        any.by(server, Caller.ANONYMOUS, any.request("nobody"))
            .ifPresent(refusal ->
                assertThat(refusal.getStatus().getCode())
                    .as(call.name())
                    .isNotIn(Status.Code.INTERNAL, Status.Code.UNKNOWN));
        final String name = Calls.name(call.rpc());
        if (Calls.changes(call.rpc())) {
          expected.add(name);
          await(file, record -> record.path("method").asText().equals(name));
        }
      }
      assertThat(records(file))
          .extracting(record -> record.path("method").asText())
          .containsExactlyElementsOf(expected);
      assertThat(expected)
          .contains(
              "SessionService/ResolveApproval",
              "SessionService/Attach",
              "SessionService/SetActive",
              "AccessService/CreateTicket")
          .doesNotContain("SessionService/Get", "SessionService/Watch", "AccessService/WhoAmI");
    }
  }

  @Test
  void callsOfNobodyAreWrittenDownWithNothingOfTheirCredential(@TempDir Path folder)
      throws Exception {
    final Path file = file(folder);
    try (TestServer server = withToken(folder, file)) {
      final var sessions =
          SessionServiceGrpc.newBlockingStub(Bearer.token(server.channel(), SECRET + "-not"));
      Refused.by(() -> sessions.list(ListRequest.getDefaultInstance()));
      Refused.by(() -> sessions.create(shell(folder).build()));
      Refused.by(() -> server.sessions().get(GetRequest.newBuilder().setSessionId("x").build()));
      for (String method : List.of("List", "Create", "Get")) {
        final JsonNode record = await(file, of(method, "ended"));
        assertThat(record.path("code").asText()).isEqualTo("UNAUTHENTICATED");
        assertThat(record.path("peer").asText()).matches("127\\.0\\.0\\.1:\\d+");
        assertThat(record.fieldNames())
            .toIterable()
            .containsExactly("time", "method", "peer", "phase", "code");
      }
    }
    assertThat(records(file)).hasSize(3);
    assertThat(Files.readString(file)).doesNotContain(SECRET);
  }

  @Test
  void aFloodOfThemIsWrittenDownAsANumber(@TempDir Path folder) throws Exception {
    final Path file = file(folder);
    final int calls = 1_000;
    try (TestServer server = withToken(folder, file)) {
      for (int i = 0; i < calls; i++) {
        Refused.by(() -> server.sessions().list(ListRequest.getDefaultInstance()));
      }
      // Somebody's call is never among what is left out.
      SessionServiceGrpc.newBlockingStub(Bearer.token(server.channel(), SECRET))
          .create(shell(folder).build());
    }
    final List<JsonNode> records = records(file);
    final long listed = records.stream().filter(of("List", "ended")).count();
    final long leftOut =
        records.stream().mapToLong(record -> record.path("left_out").asLong()).sum();
    assertThat(listed + leftOut).isEqualTo(calls);
    assertThat(records.stream().filter(of("Create", "ended"))).hasSize(1);
  }

  private static TestServer withToken(Path folder, Path file) throws Exception {
    final Path tokens =
        Bearer.write(
            folder.resolve("tokens.yaml"),
            "tokens:\n" + Bearer.entry("ann", "build", "admin", SECRET, ""));
    return TestServer.start(
        folder.resolve("data"),
        Map.of("audit.file", file.toString(), "auth.tokens", tokens.toString()));
  }

  @Test
  void nothingIsChangedThatCannotBeWrittenDownWhereThatIsRequired(@TempDir Path folder)
      throws Exception {
    final Path file = file(folder);
    try (TestServer server = start(folder, "true")) {
      breakIt(file);
      final Refused refused = Refused.by(() -> server.sessions().create(shell(folder).build()));

      assertThat(refused.code()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(refused.infos().getFirst().getReason()).isEqualTo("STORAGE_UNAVAILABLE");
      assertThat(refused.retry()).isTrue();
      assertThat(server.sessions().list(ListRequest.getDefaultInstance()).getSessionsList())
          .isEmpty();
      repair(file);
      final String id = server.sessions().create(shell(folder).build()).getSession().getId();
      assertThat(records(file))
          .extracting(record -> record.path("phase").asText())
          .containsExactly("begun", "ended");
      server.sessions().get(GetRequest.newBuilder().setSessionId(id).build());
    }
  }

  @Test
  void whatCannotBeWrittenDownIsCountedAndDoneWhereThatIsNotRequired(@TempDir Path folder)
      throws Exception {
    final Path file = file(folder);
    try (TestServer server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("audit.file", file.toString(), "admin.listen", "127.0.0.1:0"))) {
      breakIt(file);
      server.sessions().create(shell(folder).build());

      assertThat(server.metrics())
          .containsEntry("cleat_audit_failures_total", 1.0)
          .containsEntry("cleat_audit_records_total", 0.0);
      repair(file);
      server.sessions().create(shell(folder).setRequestId("r-2").build());
      assertThat(records(file)).hasSize(1);
      assertThat(server.metrics()).containsEntry("cleat_audit_records_total", 1.0);
    }
  }

  @Test
  void theServersLogCanHaveItWithWhatEachLineIsAbout(@TempDir Path folder) throws Exception {
    final Logger log = (Logger) LoggerFactory.getLogger("dev.cleat.audit");
    final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    // Other tests' servers log here too, and may while it is looked at.
    lines.list = new CopyOnWriteArrayList<>();
    lines.start();
    log.addAppender(lines);
    final String id;
    try (TestServer server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("audit.file", "log", "otel.endpoint", "http://127.0.0.1:9"))) {
      id = server.sessions().create(shell(folder).build()).getSession().getId();
      server
          .sessions()
          .sendInput(
              SendInputRequest.newBuilder()
                  .setSessionId(id)
                  .setData(ByteString.copyFromUtf8("\n"))
                  .build());
    } finally {
      log.detachAppender(lines);
    }
    final ILoggingEvent typed =
        lines.list.stream()
            .filter(line -> id.equals(line.getMDCPropertyMap().get("session")))
            .findFirst()
            .orElseThrow();
    assertThat(JSON.readTree(typed.getFormattedMessage()).path("method").asText())
        .isEqualTo("SessionService/SendInput");
    assertThat(typed.getMDCPropertyMap()).containsEntry("tenant", "default");
    assertThat(typed.getMDCPropertyMap().get("trace_id")).hasSize(32);
    assertThat(typed.getMDCPropertyMap().get("span_id")).hasSize(16);
  }

  /** The folder is gone, and a file has its name. */
  private static void breakIt(Path file) throws IOException {
    final Path parent = Objects.requireNonNull(file.getParent());
    Files.move(parent, parent.resolveSibling("away"));
    Files.createFile(parent);
  }

  private static void repair(Path file) throws IOException {
    final Path parent = Objects.requireNonNull(file.getParent());
    Files.delete(parent);
    Files.createDirectory(parent);
  }
}

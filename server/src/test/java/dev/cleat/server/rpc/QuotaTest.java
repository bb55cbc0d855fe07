package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_QUOTA_EXCEEDED;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.boot.JsonLog;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.Quota;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.UpdateRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** How much a tenant may have, and what happens to the one who wants more. */
class QuotaTest {
  private static final Caller ACME = new Caller("acme", "ann", Role.ROLE_OWNER, null);
  private static final Caller BUILD = new Caller("build", "bob", Role.ROLE_OWNER, null);

  @TempDir Path folder;
  private TestServer server;
  private SessionServiceBlockingStub acme;

  private void start() throws Exception {
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of(
                "policy", folder.resolve("policy.yaml").toString(),
                "isolation.allow_same_user", "true",
                "admin.listen", "127.0.0.1:0",
                "session.stop_grace", "1s"));
    acme = server.sessions(ACME);
  }

  /** A server whose tenants have no quotas. */
  @BeforeEach
  void open() throws Exception {
    quotas("");
    start();
  }

  private void quotas(String quotas) throws Exception {
    Bearer.write(
        folder.resolve("policy.yaml"),
        "tenants: {acme: {quotas: {%s}}, build: {}}".formatted(quotas));
  }

  /** Another server on the same data, with one quota. */
  private void allow(String name, String limit) throws Exception {
    server.close();
    quotas(name + ": " + limit);
    start();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private static CreateRequest pipes(String script) {
    return CreateRequest.newBuilder()
        .setTool("sh")
        .setMode(SessionMode.SESSION_MODE_PIPES)
        .addArgs("-c")
        .addArgs(script)
        .build();
  }

  private static CreateRequest bash() {
    return PolicySessions.bash().build();
  }

  private Session create() {
    return acme.create(bash()).getSession();
  }

  private void stop(Session session) {
    final var _ = acme.stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
  }

  private void delete(Session session) {
    final var _ =
        acme.delete(
            DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
  }

  private static Refused refused(String quota, int limit, ThrowingCallable call) {
    return Refused.by(call)
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_QUOTA_EXCEEDED)
        .metadata("quota", quota)
        .metadata("limit", String.valueOf(limit));
  }

  private Quota quota(String name) {
    return new PolicySessions(server, ACME).quota(name);
  }

  private long used(String name) {
    return quota(name).getUsed();
  }

  private AttachStream attach(Session session, Caller caller) {
    return new AttachStream(
        server.streams(caller),
        AttachRequest.newBuilder()
            .setOpen(AttachOpen.newBuilder().setSessionId(session.getId()))
            .build());
  }

  @Test
  void sessionsAlive() throws Exception {
    allow("sessions_alive", "2");
    final Session first = create();
    final Session second = create();
    refused("sessions_alive", 2, this::create).quotaOf("tenant:acme");
    // Nothing is left of what was refused, and other tenants do not feel it.
    assertThat(used("sessions_kept")).isEqualTo(2);
    final var _ = server.sessions(BUILD).create(bash());

    // A restart keeps its place; a start of one that has ended needs one.
    final RestartRequest again = RestartRequest.newBuilder().setSessionId(first.getId()).build();
    assertThat(acme.restart(again).getSession().getRun()).isEqualTo(2);
    stop(first);
    final Session third = create();
    refused("sessions_alive", 2, () -> acme.restart(again)).quotaOf("tenant:acme");
    delete(third);
    assertThat(acme.restart(again).getSession().getState())
        .isEqualTo(SessionState.SESSION_STATE_RUNNING);
    refused("sessions_alive", 2, this::create);
    stop(second);
    assertThat(quota("sessions_alive"))
        .isEqualTo(Quota.newBuilder().setName("sessions_alive").setUsed(1).setLimit(2).build());
  }

  @Test
  void sessionsKeptAlsoOverARestartOfTheServer() throws Exception {
    allow("sessions_kept", "2");
    final Session first = create();
    stop(first);
    final Session second = create();
    refused("sessions_kept", 2, this::create).quotaOf("tenant:acme");
    // A retry makes none.
    final CreateRequest named = PolicySessions.bash().setRequestId("r").build();
    delete(second);
    final Session third = acme.create(named).getSession();
    assertThat(acme.create(named).getSession().getId()).isEqualTo(third.getId());

    allow("sessions_kept", "2");
    refused("sessions_kept", 2, this::create);
    assertThat(used("journal_bytes")).isPositive().isEqualTo(journalsOnDisk());
    delete(first);
    final Session _ = create();
    // Its prompt may be just on its way.
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> used("journal_bytes") == journalsOnDisk());
  }

  private long journalsOnDisk() throws Exception {
    try (var files = Files.walk(folder.resolve("data/journals/journals"))) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/acme_"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    }
  }

  @Test
  void clients() throws Exception {
    allow("clients", "2");
    final Session session = create();
    final AttachStream first = attach(session, ACME).await(stream -> !stream.responses().isEmpty());
    final AttachStream _ = attach(create(), ACME).await(stream -> !stream.responses().isEmpty());
    Refused.of(attach(session, ACME).awaitEnd().error().orElseThrow())
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_QUOTA_EXCEEDED)
        .metadata("quota", "clients")
        .quotaOf("tenant:acme");
    assertThat(used("clients")).isEqualTo(2);
    first.requests().onError(new InterruptedException("the client goes"));
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> used("clients") == 1);
    final AttachStream _ = attach(session, ACME).await(stream -> !stream.responses().isEmpty());
    assertThat(server.metrics())
        .containsEntry("cleat_quota_refusals_total{quota=\"clients\",tenant=\"acme\"}", 1.0)
        .containsEntry("cleat_quota_used{quota=\"clients\",tenant=\"acme\"}", 2.0)
        .containsEntry("cleat_quota_limit{quota=\"clients\",tenant=\"acme\"}", 2.0);
  }

  @Test
  void queuedTurnsOfAllSessions() throws Exception {
    allow("queued_turns", "2");
    final Prompter prompter = new Prompter(acme);
    final Session first = create();
    final Session second = create();
    final var running = prompter.send(first.getId(), "read line");
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> used("queued_turns") == 0);
    final var waiting = prompter.send(first.getId(), "echo one");
    final var alsoRunning = prompter.send(second.getId(), "read line");
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> used("queued_turns") == 1);
    final var alsoWaiting = prompter.send(second.getId(), "echo two");
    refused("queued_turns", 2, () -> prompter.send(first.getId(), "echo three"))
        .quotaOf("tenant:acme");
    refused("queued_turns", 2, () -> prompter.send(second.getId(), "echo three"));
    type(first, "go on\n");
    final var _ = prompter.await(running);
    final var _ = prompter.await(waiting);
    assertThat(prompter.run(first.getId(), "echo three").getExit().getCode()).isZero();
    // A session that ends takes its turns with it.
    stop(second);
    final var _ = prompter.await(alsoRunning);
    final var _ = prompter.await(alsoWaiting);
    assertThat(used("queued_turns")).isZero();
  }

  private void type(Session session, String text) {
    final var _ =
        acme.sendInput(
            SendInputRequest.newBuilder()
                .setSessionId(session.getId())
                .setData(ByteString.copyFromUtf8(text))
                .build());
  }

  /** A client can have it come as often as it likes. */
  @Test
  void aSizeThatCannotBeWrittenDownIsLoggedOnce() throws Exception {
    allow("journal_bytes", "2MiB");
    final Session flooding = create();
    type(flooding, "yes flood\n");
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> used("journal_bytes") >= 2 << 20);
    final Logger log = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    try {
      for (int columns = 100; columns < 150; columns++) {
        acme.resize(
            ResizeRequest.newBuilder()
                .setSessionId(flooding.getId())
                .setSize(TerminalSize.newBuilder().setRows(24).setColumns(columns))
                .build());
      }
    } finally {
      log.detachAppender(lines);
    }

    assertThat(new ArrayList<>(lines.list))
        .filteredOn(line -> line.getFormattedMessage().contains(flooding.getId()))
        .hasSizeLessThanOrEqualTo(2);
    delete(flooding);
  }

  @Test
  void journalsOfAProcessThatPrintsForEver() throws Exception {
    allow("journal_bytes", "4MiB");
    final Session flooding = create();
    try (JsonLog log = new JsonLog()) {
      type(flooding, "yes flood\n");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> used("journal_bytes") >= 4 << 20);
      // It is held back, which the log has of its process's thread.
      final JsonNode about = log.awaitFields(flooding.getId(), "is held back");
      assertThat(about.path("tenant").asText()).isEqualTo("acme");
      assertThat(about.path("session").asText()).isEqualTo(flooding.getId());
    }
    // Nothing grows any more that is the tenant's.
    refused("journal_bytes", 4 << 20, this::create).quotaOf("tenant:acme");
    final SendPromptRequest prompt =
        SendPromptRequest.newBuilder().setSessionId(flooding.getId()).setPrompt("date").build();
    refused("journal_bytes", 4 << 20, () -> acme.sendPrompt(prompt));
    refused(
        "journal_bytes",
        4 << 20,
        () ->
            acme.update(
                UpdateRequest.newBuilder()
                    .setSessionId(flooding.getId())
                    .setSession(Session.newBuilder().setModel("m"))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("model"))
                    .build()));
    refused(
        "journal_bytes",
        4 << 20,
        () -> acme.restart(RestartRequest.newBuilder().setSessionId(flooding.getId()).build()));
    assertThat(journalsOnDisk()).isBetween(4L << 20, (4L << 20) + (256 << 10));
    // Others have all their room.
    final SessionServiceBlockingStub build = server.sessions(BUILD);
    final Session other = build.create(bash()).getSession();
    assertThat(new Prompter(build).run(other.getId(), "seq 100000").getExit().getCode()).isZero();
    // It ends when it is told to, and its deletion makes room.
    final Session ended =
        acme.stop(
                StopRequest.newBuilder()
                    .setSessionId(flooding.getId())
                    .setGracePeriod(com.google.protobuf.Duration.newBuilder().setNanos(200_000_000))
                    .build())
            .getSessions(0);
    assertThat(ended.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    assertThat(journalsOnDisk()).isLessThan((4L << 20) + (1 << 20));
    delete(flooding);
    assertThat(used("journal_bytes")).isZero();
    assertThat(new Prompter(acme).run(create().getId(), "date").getExit().getCode()).isZero();
  }

  @Test
  void whatWasHeldBackGoesOnWithoutALossWhenThereIsRoom() throws Exception {
    allow("journal_bytes", "2MiB");
    final Session first = create();
    final Session second = create();
    final Prompter prompter = new Prompter(acme);
    final var _ = prompter.run(first.getId(), "head -c 1000000 /dev/zero | tr '\\0' x");
    final var counting = prompter.send(second.getId(), "seq 200000");
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> used("journal_bytes") >= 2 << 20);
    delete(first);
    final var turn = prompter.await(counting);
    assertThat(turn.getExit().getCode()).isZero();
    final StringBuilder expected = new StringBuilder();
    for (int i = 1; i <= 200_000; i++) {
      expected.append(i).append("\r\n");
    }
    final String printed =
        prompter.events(second.getId()).stream()
            .map(event -> event.getOutput().getData().toStringUtf8())
            .collect(Collectors.joining());
    assertThat(printed.contains(expected)).as("every number, once, in order").isTrue();
  }

  @Test
  void createsPerMinute() throws Exception {
    allow("creates_per_minute", "2");
    final CreateRequest named =
        PolicySessions.bash().setName("n").setGetOrCreate(true).setRequestId("r").build();
    final Session first = acme.create(named).getSession();
    final Session _ = create();
    refused("creates_per_minute", 2, this::create).quotaOf("tenant:acme");
    // What makes none needs none.
    assertThat(acme.create(named).getSession().getId()).isEqualTo(first.getId());
    final var _ = server.sessions(BUILD).create(bash());
  }

  @Test
  void inputOfACallIsRefused() throws Exception {
    allow("input_bytes_per_second", "1000");
    final Session session = acme.create(pipes("cat > /dev/null")).getSession();
    type(session, "#".repeat(999_999) + "\n");
    refused("input_bytes_per_second", 1000, () -> type(session, "x")).quotaOf("tenant:acme");
    refused("input_bytes_per_second", 1000, () -> new Prompter(acme).send(session.getId(), "date"));
  }

  @Test
  void inputOfAStreamIsTakenMoreSlowlyAndNothingIsLost() throws Exception {
    allow("input_bytes_per_second", "2000");
    final Session session = acme.create(pipes("head -c 4000 | sha256sum")).getSession();
    final AttachStream stream = attach(session, ACME);
    final StringBuilder typed = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      final String line = "%099d%n".formatted(i);
      typed.append(line);
      stream
          .requests()
          .onNext(
              AttachRequest.newBuilder()
                  .setInput(
                      Input.newBuilder().setInputSeq(i + 1).setData(ByteString.copyFromUtf8(line)))
                  .build());
    }
    final byte[] sum =
        MessageDigest.getInstance("SHA-256")
            .digest(typed.toString().getBytes(StandardCharsets.UTF_8));
    final var _ = stream.awaitText(HexFormat.of().formatHex(sum));
  }

  @Test
  void messages() throws Exception {
    allow("message_bytes", "1KiB");
    final Session session = create();
    type(session, "x".repeat(900));
    final Refused refused = refused("message_bytes", 1024, () -> type(session, "x".repeat(1100)));
    assertThat(refused.message()).contains("1024");
    assertThat(refused.retry()).isFalse();
    final AttachStream stream = attach(session, ACME);
    stream
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(
                    Input.newBuilder().setInputSeq(1).setData(ByteString.copyFrom(new byte[2000])))
                .build());
    Refused.of(stream.awaitEnd().error().orElseThrow())
        .with(RESOURCE_EXHAUSTED, ERROR_REASON_QUOTA_EXCEEDED)
        .metadata("quota", "message_bytes");
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> used("clients") == 0);
  }

  @Test
  void aPolicyThatChangesCountsAtOnce() throws Exception {
    allow("sessions_alive", "1");
    final Session _ = create();
    refused("sessions_alive", 1, this::create);
    quotas("sessions_alive: 2");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> quota("sessions_alive").getLimit() == 2);
    final Session _ = create();
    refused("sessions_alive", 2, this::create);
  }
}

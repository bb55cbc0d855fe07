package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is measured, of what was really done. */
@Order(6)
class MetricsTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(60);
  private static final int WRITERS = 100;
  private static final int SCRAPES = 5;

  /** More than is on its way between a server and a client. */
  private static final int PRINTED = 8_000_000;

  private static TestServer start(Path data, Map<String, String> settings) throws Exception {
    final Map<String, String> all = new HashMap<>(settings);
    all.put("admin.listen", "127.0.0.1:0");
    return TestServer.start(data, all);
  }

  private static String create(TestServer server, CreateRequest.Builder request, Path home) {
    return server
        .sessions()
        .create(request.putEnv("HOME", home.toString()).build())
        .getSession()
        .getId();
  }

  private static Turn prompt(TestServer server, String id, String prompt) {
    final Turn turn =
        server
            .sessions()
            .sendPrompt(SendPromptRequest.newBuilder().setSessionId(id).setPrompt(prompt).build())
            .getTurn();
    return server
        .sessions()
        .waitTurn(
            WaitTurnRequest.newBuilder()
                .setSessionId(id)
                .setTurnId(turn.getId())
                .setTimeout(Duration.newBuilder().setSeconds(60))
                .build())
        .getTurn();
  }

  private static Session get(TestServer server, String id) {
    return server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  /** The series of these names, once they have these values. */
  private static void await(TestServer server, Map<String, Double> expected) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(server.metrics()).containsAllEntriesOf(expected));
  }

  @Test
  void numbersAreThoseOfWhatWasDone(@TempDir Path folder) throws Exception {
    try (TestServer server =
        start(folder.resolve("data"), Map.of("limits.clients_per_session", "1"))) {
      final String id = create(server, CreateRequest.newBuilder().setTool("bash"), folder);
      final AttachStream client =
          new AttachStream(server, AttachOpen.newBuilder().setSessionId(id).build());
      prompt(server, id, "echo one");
      prompt(server, id, "echo two");
      prompt(server, id, "false");
      client.awaitText("two");
      assertThat(
              new AttachStream(server, AttachOpen.newBuilder().setSessionId(id).build())
                  .awaitEnd()
                  .status()
                  .getCode())
          .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(Refused.by(() -> get(server, "nobody")).code()).isEqualTo(Status.Code.NOT_FOUND);

      await(
          server,
          Map.of(
              "cleat_rpc_calls_total{code=\"OK\",method=\"SessionService/Create\"}", 1.0,
              "cleat_rpc_calls_total{code=\"OK\",method=\"SessionService/SendPrompt\"}", 3.0,
              "cleat_rpc_calls_total{code=\"NOT_FOUND\",method=\"SessionService/Get\"}", 1.0,
              "cleat_rpc_duration_seconds_count{method=\"SessionService/SendPrompt\"}", 3.0,
              "cleat_rpc_calls_total{code=\"RESOURCE_EXHAUSTED\",method=\"SessionService/Attach\"}",
                  1.0,
              "cleat_quota_refusals_total{quota=\"limits.clients_per_session\",tenant=\"default\"}",
                  1.0,
              "cleat_attached_clients", 1.0,
              "cleat_attach_first_event_seconds_count", 1.0,
              "cleat_sessions{state=\"running\",tenant=\"default\",tool=\"bash\"}", 1.0));
      await(
          server,
          Map.of(
              "cleat_turns_total{state=\"accepted\",tool=\"bash\"}", 3.0,
              "cleat_turns_total{state=\"running\",tool=\"bash\"}", 3.0,
              "cleat_turns_total{state=\"succeeded\",tool=\"bash\"}", 2.0,
              "cleat_turns_total{state=\"failed\",tool=\"bash\"}", 1.0,
              "cleat_turn_duration_seconds_count{state=\"succeeded\",tool=\"bash\"}", 2.0,
              "cleat_output_lost_bytes_total", 0.0,
              "cleat_journal_append_failures_total", 0.0));
      // The shell has printed its prompt again, and is silent.
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            final Map<String, Double> now = server.metrics();
            final double printed = get(server, id).getOutputBytes();
            assertThat(now).containsEntry("cleat_output_bytes_total", printed);
            assertThat((double) client.output().length).isEqualTo(printed);
            assertThat(now).containsEntry("cleat_reader_lag_events{quantile=\"1.0\"}", 0.0);
            assertThat(now.getOrDefault("cleat_store_flush_seconds_count", 0.0)).isPositive();
          });
      final Map<String, Double> now = server.metrics();
      assertThat(now.getOrDefault("cleat_journal_append_seconds_count", 0.0))
          .isPositive()
          .isLessThanOrEqualTo(now.getOrDefault("cleat_journal_events_total", 0.0));
      assertThat(now.getOrDefault("cleat_journal_bytes_total", 0.0))
          .isGreaterThan(now.getOrDefault("cleat_output_bytes_total", 0.0));
      assertThat(now.getOrDefault("cleat_disk_free_bytes", 0.0)).isPositive();
      assertThat(now.getOrDefault("cleat_journal_disk_bytes", 0.0)).isPositive();
      assertTimedOnce(now, "cleat_attach_first_event_seconds");
      assertThat(now)
          .containsKey("process_files_open_files")
          .containsKey("jvm_threads_live_threads");
      assertThat(String.join("\n", now.keySet())).doesNotContain(id);

      client.requests().onCompleted();
      server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).setForce(true).build());
      client.awaitEnd();
      await(server, Map.of("cleat_attached_clients", 0.0));
      assertThat(server.metrics())
          .doesNotContainKey("cleat_sessions{state=\"running\",tenant=\"default\",tool=\"bash\"}");
    }
  }

  /** Its sum is what one took, which is in all buckets that are large enough and in no other. */
  private static void assertTimedOnce(Map<String, Double> series, String name) {
    assertThat(series).containsEntry(name + "_count", 1.0);
    final double took = series.getOrDefault(name + "_sum", 0.0);
    assertThat(took).isPositive();
    final String bucket = name + "_bucket{le=\"";
    final Map<Double, Double> buckets = new TreeMap<>();
    series.forEach((key, value) -> {
      if (key.startsWith(bucket)) {
        final String bound = key.substring(bucket.length(), key.length() - "\"}".length());
        buckets.put(
            bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound), value);
      }
    });
    assertThat(buckets).hasSizeGreaterThan(10);
    buckets.forEach((bound, count) ->
        assertThat(count).as("up to " + bound).isEqualTo(took <= bound ? 1.0 : 0.0));
  }

  /** A client that takes no more than it asks for. */
  private static final class SlowReader
      implements ClientResponseObserver<AttachRequest, AttachResponse> {
    private @Nullable ClientCallStreamObserver<AttachRequest> requests;
    private volatile long last;

    @Override
    public void beforeStart(ClientCallStreamObserver<AttachRequest> stream) {
      requests = stream;
      stream.disableAutoRequestWithInitial(1);
    }

    void reads(int messages) {
      Objects.requireNonNull(requests).request(messages);
    }

    @Override
    public void onNext(AttachResponse response) {
      response.getEvents().getEventsList().forEach(event -> last = event.getSeq());
    }

    @Override
    public void onError(Throwable cause) {
      // The server is closed with its clients.
    }

    @Override
    public void onCompleted() {
      // Nobody waits for that.
    }
  }

  @Test
  void aReaderThatDoesNotReadIsSoManyEventsBehind(@TempDir Path folder) throws Exception {
    try (TestServer server = start(folder.resolve("data"), Map.of())) {
      final String id =
          create(
              server,
              CreateRequest.newBuilder()
                  .setTool("sh")
                  // In no git repository, which would be one more event.
                  .setWorkdir("/")
                  .addAllArgs(
                      List.of("-c", "head -c " + PRINTED + " /dev/zero | tr '\\0' x; echo; cat")),
              folder);
      final SlowReader slow = new SlowReader();
      server
          .streams()
          .attach(slow)
          .onNext(
              AttachRequest.newBuilder().setOpen(AttachOpen.newBuilder().setSessionId(id)).build());
      final AttachStream quick =
          new AttachStream(server, AttachOpen.newBuilder().setSessionId(id).build());
      quick.await(stream -> get(server, id).getOutputBytes() == PRINTED + 2);
      final long head = get(server, id).getHeadSeq();
      quick.await(
          stream -> !stream.events().isEmpty() && stream.events().getLast().getSeq() == head);

      final Map<String, Double> now = server.metrics();
      assertThat(now)
          .containsEntry("cleat_attached_clients", 2.0)
          .containsEntry("cleat_reader_lag_events{quantile=\"0.5\"}", 0.0);
      assertThat(now.get("cleat_reader_lag_events{quantile=\"1.0\"}"))
          .isEqualTo(now.get("cleat_reader_lag_events{quantile=\"0.99\"}"))
          .isPositive()
          .isLessThanOrEqualTo((double) head);

      slow.reads(Integer.MAX_VALUE);
      await(server, Map.of("cleat_reader_lag_events{quantile=\"1.0\"}", 0.0));
      Awaitility.await().atMost(PATIENCE).until(() -> slow.last == head);
    }
  }

  @Test
  void sessionsAreCountedByTenant(@TempDir Path folder) throws Exception {
    try (TestServer server = start(folder.resolve("data"), Map.of())) {
      final CreateRequest shell =
          CreateRequest.newBuilder().setTool("sh").putEnv("HOME", folder.toString()).build();
      for (String tenant : new String[] {"acme", "build", "build"}) {
        final var _ =
            server.sessions(new Caller(tenant, "ann", Role.ROLE_OWNER, null)).create(shell);
      }
      await(
          server,
          Map.of(
              "cleat_sessions{state=\"running\",tenant=\"acme\",tool=\"sh\"}", 1.0,
              "cleat_sessions{state=\"running\",tenant=\"build\",tool=\"sh\"}", 2.0));
    }
  }

  @Test
  void answersAreCountedByWhoGaveThem(@TempDir Path folder) throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(catalogue, FakeAcpAgent.catalogue());
    try (TestServer server =
        start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()))) {
      final String asked = create(server, CreateRequest.newBuilder().setTool("fake"), folder);
      final Turn turn =
          server
              .sessions()
              .sendPrompt(
                  SendPromptRequest.newBuilder().setSessionId(asked).setPrompt("ask Bash").build())
              .getTurn();
      final String question =
          Awaitility.await()
              .atMost(PATIENCE)
              .until(
                  () ->
                      server
                          .sessions()
                          .listApprovals(
                              ListApprovalsRequest.newBuilder().setSessionId(asked).build())
                          .getApprovalsList(),
                  list -> !list.isEmpty())
              .getFirst()
              .getId();
      server
          .sessions()
          .resolveApproval(
              ResolveApprovalRequest.newBuilder()
                  .setSessionId(asked)
                  .setApprovalId(question)
                  .setDecision(ApprovalDecision.APPROVAL_DECISION_ALLOWED)
                  .build());
      server
          .sessions()
          .waitTurn(
              WaitTurnRequest.newBuilder()
                  .setSessionId(asked)
                  .setTurnId(turn.getId())
                  .setTimeout(Duration.newBuilder().setSeconds(60))
                  .build());
      final String ruled =
          create(
              server,
              CreateRequest.newBuilder()
                  .setTool("fake")
                  .setApprovals(
                      ApprovalSettings.newBuilder()
                          .addAutoApprove(ApprovalRule.newBuilder().setPattern("^run Bash"))),
              folder);
      prompt(server, ruled, "ask Bash");

      await(
          server,
          Map.of(
              "cleat_approvals_requested_total", 2.0,
              "cleat_approvals_answered_total{source=\"call\"}", 1.0,
              "cleat_approvals_answered_total{source=\"rule\"}", 1.0,
              "cleat_approvals_answered_total{source=\"deadline\"}", 0.0));
    }
  }

  @Test
  void inputThatIsNotTakenIsCounted(@TempDir Path folder) throws Exception {
    try (TestServer server = start(folder.resolve("data"), Map.of())) {
      final String id = create(server, CreateRequest.newBuilder().setTool("bash"), folder);
      final AttachStream client =
          new AttachStream(server, AttachOpen.newBuilder().setSessionId(id).build());
      client.await(stream -> !stream.responses().isEmpty());
      final AttachRequest.Builder line =
          AttachRequest.newBuilder()
              .setInput(
                  Input.newBuilder()
                      .setInputSeq(1)
                      .setData(ByteString.copyFromUtf8("stty raw; sleep 1000\n")));
      client.requests().onNext(line.build());
      client.awaitText("stty raw; sleep 1000");
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> {
            // More than a terminal holds for a program that does not read.
            line.getInputBuilder()
                .setInputSeq(line.getInput().getInputSeq() + 1)
                .setData(ByteString.copyFrom(new byte[16 << 10]));
            client.requests().onNext(line.build());
            return server.metrics().getOrDefault("cleat_input_stalls_total", 0.0) > 0;
          });
    }
  }

  @Test
  void scrapesStallNoWriter(@TempDir Path folder) throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(
        catalogue,
        """
        tools:
          ticker:
            command: [bash, --norc, -c, 'while :; do echo tick; read -t 0.05 _; done']
            turns: none
        """);
    try (TestServer server =
        start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()))) {
      for (int i = 0; i < WRITERS; i++) {
        final String _ = create(server, CreateRequest.newBuilder().setTool("ticker"), folder);
      }
      for (int i = 0; i < SCRAPES; i++) {
        final Map<String, Long> before = heads(server);
        assertThat(server.metrics())
            .containsEntry(
                "cleat_sessions{state=\"running\",tenant=\"default\",tool=\"ticker\"}",
                (double) WRITERS);
        Awaitility.await()
            .atMost(PATIENCE)
            .untilAsserted(() ->
                assertThat(heads(server))
                    .allSatisfy(
                        (id, head) -> assertThat(head).isGreaterThan(before.getOrDefault(id, 0L))));
      }
      assertThat(server.metrics()).containsEntry("cleat_output_lost_bytes_total", 0.0);
    }
  }

  private static Map<String, Long> heads(TestServer server) {
    final Map<String, Long> heads = new TreeMap<>();
    server
        .sessions()
        .list(ListRequest.newBuilder().setPageSize(1000).build())
        .getSessionsList()
        .forEach(session -> heads.put(session.getId(), session.getHeadSeq()));
    return heads;
  }
}

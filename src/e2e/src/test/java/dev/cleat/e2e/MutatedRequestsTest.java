package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.e2e.mutation.Mutants;
import dev.cleat.e2e.mutation.Verdicts;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server takes whatever comes: every call of every service that it serves, spoilt in every way
 * that its descriptors and its bytes allow. Each call ends, with an answer or with an error that
 * says what is wrong with the request; and nothing stays of any.
 */
@Order(3)
class MutatedRequestsTest {
  private static final int REQUESTS = Scale.of(3_000, 200_000);

  /** What is only made once, and what is kept in a certain number, is there by then. */
  private static final int WARM_UP = Scale.of(1_000, 20_000);

  /**
   * How much more of the heap may be in use: what is kept in a certain number, and what the JVM
   * makes for itself as it goes, is not of the same size each time. After 180,000 requests it is 23
   * bytes for each, less than the smallest thing that could be kept takes with the reference to it.
   */
  private static final long MORE_HEAP = 4 << 20;

  private static final int AT_A_TIME = 48;
  private static final int CONNECTIONS = 4;

  /** The sessions that there are, at least each time after so many requests. */
  private static final int SESSIONS = 6;

  private static final int BETWEEN_LOOKS = 250;

  private static final byte[] PNG = "\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1);

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  private final List<ManagedChannel> channels = new ArrayList<>();
  private int created;

  @Test
  void everyOneIsAnsweredAndLeavesNothing() throws Exception {
    long seed = Scale.seed("mutated requests");
    Report report = Report.of("mutated requests");
    ServerProcess server = start();
    try {
      Verdicts verdicts = new Verdicts(folder.resolve("data").toString());
      Mutants mutants = new Mutants(channels, seed, folder.resolve("work").toString());
      loadTokenCounter();
      make(mutants, verdicts, 0, WARM_UP);
      deleteAll();
      Footprint before = settled(server);
      long begin = System.nanoTime();
      make(mutants, verdicts, WARM_UP, REQUESTS);
      double seconds = (System.nanoTime() - begin) / 1e9;
      deleteAll();

      System.out.println(verdicts.counts());
      assertThat(verdicts.methods().keySet())
          .as("methods that were called")
          .containsExactlyInAnyOrderElementsOf(Mutants.methods());
      assertThat(verdicts.complaints()).as("seed %d", seed).isEmpty();
      Footprint after = assertNothingIsLeft(server, before);
      assertThat(server.errors())
          .as("what the server's log says, seed %d", seed)
          .noneMatch(line -> line.contains("ERROR") || line.contains("Incident"));
      report
          .add("requests", REQUESTS)
          .add("a second", Math.round((REQUESTS - WARM_UP) / seconds))
          .add("heap before", before.heap())
          .add("heap after", after.heap())
          .passed();
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private ServerProcess start() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    Files.write(work.resolve("shot.png"), PNG);
    Path tools =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              still: {command: [cat], turns: stillness, stillness: 50ms, help: [--help]}
              prints: {command: [sh, -c, 'echo shot.png; exec cat']}
              once:
                headless:
                  command: [echo, "token=T1", "{prompt}"]
                  resume: [echo, "{session}", "{prompt}"]
                  output: plain
                  session_id: 'token=(\\w+)'
            """);
    ServerProcess server =
        servers.start(
            ServerCommand.on(folder.resolve("data"))
                .jvm("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")
                .flag("--catalogue", tools.toString())
                .flag("--audit-file", folder.resolve("audit.jsonl").toString())
                .flag("--limits-sessions", "16")
                .flag("--limits-clients-per-session", "16")
                .flag("--limits-queue", "4"));
    for (int i = 0; i < CONNECTIONS; i++) {
      channels.add(
          NettyChannelBuilder.forAddress("127.0.0.1", server.port())
              .usePlaintext()
              .maxInboundMessageSize(Integer.MAX_VALUE)
              .build());
    }
    return server;
  }

  private SessionServiceBlockingStub calls() {
    return SessionServiceGrpc.newBlockingStub(channels.getFirst());
  }

  private void make(Mutants mutants, Verdicts verdicts, long from, long to) throws Exception {
    AtomicLong next = new AtomicLong(from);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all =
          IntStream.range(0, AT_A_TIME)
              .<Future<?>>mapToObj(
                  caller -> callers.submit(() -> make(mutants, verdicts, next, to)))
              .toList();
      for (Future<?> one : all) {
        one.get();
      }
    }
  }

  private Void make(Mutants mutants, Verdicts verdicts, AtomicLong next, long to) {
    for (long number = next.getAndIncrement(); number < to; number = next.getAndIncrement()) {
      try {
        if (number % BETWEEN_LOOKS == 0) {
          tend(mutants);
        }
        mutants.call(number, verdicts);
      } catch (Exception e) {
        verdicts.failed(number, e);
      }
    }
    return null;
  }

  private List<Session> sessions() {
    return calls()
        .list(
            ListRequest.newBuilder()
                .setPageSize(1_000)
                .setFilter(SessionFilter.newBuilder().setIncludeInternal(true))
                .build())
        .getSessionsList();
  }

  /** Sees that there are sessions to call for, and not too many. */
  private synchronized void tend(Mutants mutants) {
    List<Session> sessions = sessions();
    sessions.reversed().stream().skip(SESSIONS).forEach(session -> delete(session.getId()));
    for (int i = 0; i < SESSIONS / 2; i++) {
      created++;
      try {
        mutants.know(
            calls()
                .create(
                    CreateRequest.newBuilder()
                        .setTool(List.of("still", "prints", "once").get(created % 3))
                        .setWorkdir(created % 3 == 1 ? folder.resolve("work").toString() : "")
                        .build()));
      } catch (StatusRuntimeException e) {
        // As many run as may.
        assertThat(e.getStatus().getCode()).as("%s", e).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      }
    }
  }

  /** It is large, and comes with the first turn of an agent that has used it. */
  private void loadTokenCounter() {
    String id =
        calls().create(CreateRequest.newBuilder().setTool("once").build()).getSession().getId();
    Turn turn =
        calls()
            .sendPrompt(SendPromptRequest.newBuilder().setSessionId(id).setPrompt("true").build())
            .getTurn();
    Turn ended =
        calls()
            .waitTurn(WaitTurnRequest.newBuilder().setSessionId(id).setTurnId(turn.getId()).build())
            .getTurn();
    assertThat(ended.getUsage().getInputTokens()).isPositive();
  }

  private void delete(String id) {
    try {
      var _ = calls().delete(DeleteRequest.newBuilder().setSessionId(id).setForce(true).build());
    } catch (StatusRuntimeException e) {
      // A mutant was quicker.
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    }
  }

  /** Also what is created by calls whose callers have gone before they were answered. */
  private void deleteAll() {
    Await.until(
        "there are no sessions",
        () -> {
          sessions().forEach(session -> delete(session.getId()));
          return sessions().isEmpty();
        });
  }

  /** When it takes no less than a moment before. */
  private static Footprint settled(ServerProcess server) throws Exception {
    Footprint last = Footprint.of(server.pid());
    Footprint next = Footprint.of(server.pid());
    while (next.heap() < last.heap() || !last.moreThan(next).isEmpty()) {
      last = next;
      next = Footprint.of(server.pid());
    }
    return next;
  }

  private Footprint assertNothingIsLeft(ServerProcess server, Footprint before) throws Exception {
    List<Footprint> last = new ArrayList<>();
    try {
      // A look is a collection of the whole heap, and a JVM that asks for it.
      Awaitility.await("nothing is left of the requests")
          .atMost(Await.PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .pollInSameThread()
          .until(() -> {
            // What was created after its caller had gone.
            deleteAll();
            Footprint now = Footprint.of(server.pid());
            last.addFirst(now);
            return now.moreThan(before).isEmpty() && now.heap() <= before.heap() + MORE_HEAP;
          });
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(
          "%s: more than before: %s; heap %d, then %d; grown: %s"
              .formatted(
                  e.getMessage(),
                  last.getFirst().moreThan(before),
                  before.heap(),
                  last.getFirst().heap(),
                  last.getFirst().grown(before)),
          e);
    }
    return last.getFirst();
  }
}

package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.RetryInfo;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A server that is told to end while it has work: what it still does, and whom it tells what. */
@Order(5)
class DrainTest {
  private static final int CLIENTS = 50;
  private static final int SESSIONS = 5;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  private ServerCommand command(String turns) {
    return ServerCommand.on(folder.resolve("data"))
        .flag("--shutdown-turns", turns)
        .flag("--shutdown-grace", "2m")
        .flag("--shutdown-retry-after", "700ms");
  }

  /** A turn that runs until the file is there. */
  private RunningTurn start(Session session, Path file) {
    RunningTurn turn =
        session.start(
            Prompt.of("while [ ! -e '%s' ]; do sleep 0.05; done; echo finished".formatted(file)));
    Await.until("it runs", () -> turn.refresh().state() == Turn.State.RUNNING);
    return turn;
  }

  private static boolean serves(CleatClient client) {
    return HealthGrpc.newBlockingStub(client.grpc().channel())
        .check(HealthCheckRequest.newBuilder().setService("cleat.v1.SessionService").build())
        .getStatus()
        .equals(ServingStatus.SERVING);
  }

  /** Whether it does so before it looks for the session, which there is not. */
  private static boolean refusesWork(SessionServiceBlockingStub api) {
    try {
      throw new AssertionError(
          api.restart(RestartRequest.newBuilder().setSessionId("none").build()));
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode() != Status.Code.NOT_FOUND;
    }
  }

  private interface Call {
    void run() throws Exception;
  }

  private static void assertDraining(Call call) throws Exception {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(RawStream.reason(e)).isEqualTo("DRAINING");
      com.google.rpc.Status status = StatusProto.fromThrowable(e);
      assertThat(status).isNotNull();
      List<RetryInfo> retries = new ArrayList<>();
      for (com.google.protobuf.Any detail : status.getDetailsList()) {
        if (detail.is(RetryInfo.class)) {
          retries.add(detail.unpack(RetryInfo.class));
        }
      }
      assertThat(retries)
          .extracting(RetryInfo::getRetryDelay)
          .containsExactly(com.google.protobuf.Duration.newBuilder().setNanos(700_000_000).build());
      return;
    }
    throw new AssertionError("the server has taken new work");
  }

  /** A stream of plain gRPC from now on, which the library cannot mend. */
  private static RawStream<AttachResponse> watch(CleatClient client, Session session) {
    RawStream<AttachResponse> watcher = new RawStream<>();
    client
        .grpc()
        .sessionsAsync()
        .attach(watcher)
        .onNext(
            AttachRequest.newBuilder()
                .setOpen(AttachOpen.newBuilder().setSessionId(session.id()))
                .build());
    Await.until(
        "it is attached", () -> watcher.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
    return watcher;
  }

  /** A file that is on its way, and whose reader does not take more than its beginning. */
  private static RawStream<GetArtifactResponse> download(CleatClient client, Session session) {
    assertThat(
            session
                .prompt(
                    "printf '\\211PNG\\r\\n\\032\\n' > a.png; truncate -s 50M a.png; echo"
                        + " $PWD/a.png")
                .exitCode())
        .hasValue(0);
    var api = client.grpc().sessions();
    ListArtifactsRequest list =
        ListArtifactsRequest.newBuilder().setSessionId(session.id()).build();
    Await.until("it is found", () -> api.listArtifacts(list).getArtifactsCount() == 1);
    RawStream<GetArtifactResponse> download = RawStream.taking(2);
    client
        .grpc()
        .sessionsAsync()
        .getArtifact(
            GetArtifactRequest.newBuilder()
                .setSessionId(session.id())
                .setArtifactId(api.listArtifacts(list).getArtifacts(0).getId())
                .build(),
            download);
    Await.until("it begins", () -> download.responses().size() == 2);
    return download;
  }

  @Test
  void turnsGetTheirTimeWhileNothingNewBegins() throws Exception {
    Path go = folder.resolve("go");
    ServerProcess server = servers.start(command("1h"));
    RunningTurn turn;
    RunningTurn waiting;
    String id;
    try (CleatClient client = server.client()) {
      Session session = client.create("bash");
      id = session.id();
      Session idle = client.create("bash");
      turn = start(session, go);
      waiting = session.start(Prompt.of("echo also"));
      RawStream<AttachResponse> before = watch(client, session);
      RawStream<WatchResponse> changes = new RawStream<>();
      client.grpc().sessionsAsync().watch(WatchRequest.getDefaultInstance(), changes);
      Await.until(
          "it watches", () -> changes.responses().stream().anyMatch(WatchResponse::hasCaughtUp));
      RawStream<GetArtifactResponse> download = download(client, idle);

      server.terminate();

      Await.until("it is not ready", () -> !serves(client));
      var api = client.grpc().sessions();
      // It says so first.
      Await.until("it takes no new work", () -> refusesWork(api));
      assertDraining(() -> {
        var _ = api.create(CreateRequest.newBuilder().setTool("bash").build());
      });
      assertDraining(() -> {
        var _ = api.restart(RestartRequest.newBuilder().setSessionId(idle.id()).build());
      });
      assertDraining(() -> {
        var _ =
            api.sendPrompt(
                SendPromptRequest.newBuilder().setSessionId(idle.id()).setPrompt("true").build());
      });
      RawStream<AttachResponse> later = watch(client, session);
      assertThat(client.list()).hasSize(2);

      Files.createFile(go);
      for (RawStream<?> stream : List.of(before, later, changes)) {
        assertDraining(stream::rethrow);
      }
      // Its end is behind what is on its way to it.
      download.takeAll();
      assertDraining(download::rethrow);
      assertThat(server.awaitEnd()).isZero();
    }
    try (CleatClient client = servers.start(command("0s")).client()) {
      Session session = client.session(id);
      assertThat(session.turns(10))
          .extracting(Turn::id, Turn::state)
          .containsExactly(
              org.assertj.core.api.Assertions.tuple(waiting.id(), Turn.State.SUCCEEDED),
              org.assertj.core.api.Assertions.tuple(turn.id(), Turn.State.SUCCEEDED));
      assertThat(session.info().state()).isEqualTo(SessionInfo.State.EXITED);
      assertThat(session.info().head().epoch()).isEqualTo(1);
    }
  }

  @Test
  void turnsThatTakeLongerAreEnded() throws Exception {
    ServerProcess server = servers.start(command("300ms"));
    String id;
    try (CleatClient client = server.client()) {
      Session session = client.create("bash");
      id = session.id();
      var _ = start(session, folder.resolve("never"));
      assertThat(server.stop()).isZero();
    }
    try (CleatClient client = servers.start(command("0s")).client()) {
      Turn ended = client.session(id).turns(1).getFirst();
      assertThat(ended.endReason()).isEqualTo(Turn.EndReason.SESSION_ENDED);
    }
  }

  @Test
  void aSecondSignalIsQuickerAndLosesNothing() throws Exception {
    ServerProcess server = servers.start(command("1h").flag("--session-stop-grace", "5m"));
    Session deaf;
    try (CleatClient client = server.client()) {
      var _ = start(client.create("bash"), folder.resolve("never"));
      deaf =
          client.create(
              NewSession.of("sh")
                  .args(List.of("-c", "trap '' HUP TERM; echo deaf; while :; do sleep 0.1; done")));
      Transcript seen = Transcript.keeping();
      try (Attachment _ = deaf.attach(seen)) {
        Await.until("it is deaf", () -> seen.text().contains("deaf"));
      }
      server.terminate();
      Await.until("it is not ready", () -> !serves(client));
      assertThat(server.isAlive()).isTrue();

      server.terminate();
      assertThat(server.awaitEnd()).isZero();
    }
    try (CleatClient client = servers.start(command("0s")).client()) {
      SessionInfo info = client.session(deaf.id()).info();
      assertThat(info.state()).isEqualTo(SessionInfo.State.EXITED);
      assertThat(info.exit().orElseThrow().signal()).contains("SIGKILL");
      assertThat(info.head().epoch()).isEqualTo(1);
    }
  }

  @Test
  void attachedClientsRideThroughUnderLoad() throws Exception {
    ServerProcess server = servers.start(command("0s"));
    List<Session> sessions = new ArrayList<>();
    List<Transcript> seen = new ArrayList<>();
    try (CuttingProxy proxy = new CuttingProxy(server.port(), Cuts.NONE, 0);
        CleatClient following = ServerProcess.client(proxy.target())) {
      try (CleatClient client = server.client()) {
        for (int session = 0; session < SESSIONS; session++) {
          sessions.add(
              client.create(
                  NewSession.of("sh")
                      .args(
                          List.of(
                              "-c", "stty raw -echo; while :; do seq 1 1000; sleep 0.05; done"))));
        }
        for (int reader = 0; reader < CLIENTS; reader++) {
          Transcript transcript = Transcript.digesting();
          seen.add(transcript);
          var _ =
              following
                  .session(sessions.get(reader % SESSIONS).id())
                  .attach(AttachOptions.fromBeginning().readOnly().followRestarts(), transcript);
        }
        Await.until("all see it", () -> seen.stream().allMatch(one -> one.bytes() > 10_000));
        assertThat(server.stop()).isZero();
      }
      ServerProcess next = servers.start(command("0s"));
      proxy.retarget(next.port());
      try (CleatClient client = next.client()) {
        List<Long> before = seen.stream().map(Transcript::bytes).toList();
        for (Session session : sessions) {
          client.session(session.id()).restart();
        }
        Await.until(
            "all see more",
            () -> {
              for (int reader = 0; reader < CLIENTS; reader++) {
                if (seen.get(reader).bytes() < before.get(reader) + 10_000) {
                  return false;
                }
              }
              return true;
            });
        for (int session = 0; session < SESSIONS; session++) {
          client.session(sessions.get(session).id()).stop();
          assertSameForAll(client.session(sessions.get(session).id()), seen, session);
        }
      }
    }
    assertThat(seen).allMatch(one -> one.reconnects() > 0);
  }

  /**
   * What is promised of input over a restart of the server, which no process lives through: a line
   * that was acknowledged was read by the program, once and in its writer's order, also where the
   * acknowledgement came in the server's last moments, since processes are ended after the streams
   * are, and have time to read what they were typed. A line that was not acknowledged is never
   * typed again by itself: the writer is told that it is in doubt, with how many bytes are and how
   * many behind them were not sent, or that there was no process to take it. So no number is there
   * twice, none is there that its writer was told is not, and each writer goes on with the next
   * process by itself.
   */
  @Test
  void whatClientsTypeUnderLoadIsReadOnceOrTheyAreTold() throws Exception {
    Path record = folder.resolve("record");
    // It reads on until nothing more has come for a second after it was told to end, and nothing
    // is there: a machine that stands still makes a second pass with much to read. What it has read
    // is in a file: on the terminal, its output and the echo would be mixed.
    Path script =
        Files.writeString(
            folder.resolve("reader"),
            """
            exec 3>>'%s'
            trap 'last=1' HUP
            while :; do
              was=$last
              if IFS= read -r -t 1 line; then
                printf '%%s\\n' "$part$line" >&3
                part=
              else
                part=$part$line
                [ -z "$was" ] || read -t 0 || break
              fi
            done
            """
                .formatted(record));
    ServerCommand command = command("0s").flag("--session-stop-grace", "2m");
    ServerProcess server = servers.start(command);
    List<Session> sessions = new ArrayList<>();
    List<Typist> typists = new ArrayList<>();
    try (CuttingProxy proxy = new CuttingProxy(server.port(), Cuts.NONE, 0);
        CleatClient typing = ServerProcess.client(proxy.target());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try (CleatClient client = server.client()) {
        for (int session = 0; session < SESSIONS; session++) {
          sessions.add(
              client.create(
                  NewSession.of("sh").args(List.of("-c", "exec bash '%s'".formatted(script)))));
        }
      }
      List<Future<Void>> ends = new ArrayList<>();
      for (int typist = 0; typist < CLIENTS; typist++) {
        typists.add(new Typist(typist, typing.session(sessions.get(typist % SESSIONS).id())));
        ends.add(threads.submit(typists.getLast()));
      }
      try {
        awaitAll(typists, one -> one.count(Typist.Told.APPLIED) > 20);
        assertThat(server.stop()).isZero();

        ServerProcess next = servers.start(command);
        proxy.retarget(next.port());
        awaitAll(typists, one -> one.count(Typist.Told.DISCARDED) > 0);
        List<Long> before = typists.stream().map(one -> one.count(Typist.Told.APPLIED)).toList();
        try (CleatClient client = next.client()) {
          for (Session session : sessions) {
            client.session(session.id()).restart();
          }
          for (int typist = 0; typist < CLIENTS; typist++) {
            Typist one = typists.get(typist);
            long applied = before.get(typist);
            Await.until("it types on", () -> one.count(Typist.Told.APPLIED) > applied + 20);
          }
          typists.forEach(Typist::stop);
          for (Future<Void> end : ends) {
            Await.result(end);
          }
          for (Session session : sessions) {
            client.session(session.id()).stop(Duration.ofMinutes(2));
          }
        }
      } finally {
        typists.forEach(Typist::stop);
      }
    }
    List<String> read = Files.readAllLines(record);
    typists.forEach(one -> one.assertTrueOf(read));
    assertThat(read).allMatch(line -> line.matches("c0[0-4]\\d \\d{5}"));
    assertThat(typists).allMatch(one -> one.reconnects() > 0);
    // Whoever was cut off had typed something whose acknowledgement never came.
    assertThat(typists).anyMatch(one -> one.count(Typist.Told.UNCERTAIN) > 0);
  }

  private static void awaitAll(List<Typist> typists, Predicate<Typist> condition) {
    Await.until("all are so far", () -> typists.stream().allMatch(condition));
  }

  /** Whoever followed a session has all of it, once, and the same as a newcomer. */
  private static void assertSameForAll(Session session, List<Transcript> seen, int number)
      throws Exception {
    Transcript whole = Transcript.digesting();
    Transcript.end(session.attach(AttachOptions.fromBeginning().readOnly(), whole));
    whole.assertWhole();
    for (int reader = number; reader < CLIENTS; reader += SESSIONS) {
      Transcript one = seen.get(reader);
      Await.until("it has all", () -> one.last() == whole.last());
      one.assertWhole();
      one.assertContains(whole);
    }
  }
}

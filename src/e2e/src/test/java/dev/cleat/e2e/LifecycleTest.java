package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Position;
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
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.WaitTurnRequest;
import dev.cleat.v1.WaitTurnResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A server that is told to end, or is killed, and starts again. */
@Order(8)
class LifecycleTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** A session at its prompt, and one with a turn that runs and one that waits. */
  private record Population(
      Session idle, Session working, RunningTurn running, RunningTurn queued) {

    static Population create(CleatClient client) {
      Session idle = client.create(NewSession.of("bash").name("idle"));
      idle.prompt("echo kept");
      Session working = client.create("bash");
      RunningTurn running = working.start(Prompt.of("sleep 1000"));
      Await.until("it runs", () -> running.refresh().state() == Turn.State.RUNNING);
      RunningTurn queued = working.start(Prompt.of("echo never"));
      return new Population(idle, working, running, queued);
    }

    List<Session> sessions() {
      return List.of(idle, working);
    }
  }

  @Test
  void aShutdownTellsEveryoneEndsEverythingAndLosesNothing() throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), Cuts.NONE, 0);
        CleatClient following = ServerProcess.client(proxy.target())) {
      Population population;
      Transcript seen = Transcript.keeping();
      Attachment attachment;
      try (CleatClient client = server.client()) {
        population = Population.create(client);
        createDeaf(client);
        AttachOptions options = AttachOptions.fromBeginning().readOnly().followRestarts();
        attachment = following.session(population.idle.id()).attach(options, seen);
        Await.until("it follows", seen::caughtUp);
        shutDown(server, client, population);
      }
      assertThat(Servers.processesIn(data)).isEmpty();

      ServerProcess next = servers.start(data);
      proxy.retarget(next.port());
      try (CleatClient client = next.client()) {
        assertThat(client.list()).hasSize(3);
        for (Session session : population.sessions()) {
          SessionInfo info = client.session(session.id()).info();
          assertThat(info.state()).isEqualTo(SessionInfo.State.EXITED);
          assertThat(info.exit()).isPresent();
        }
        assertThat(client.sessionByName("deaf").info().exit().orElseThrow().signal())
            .contains("SIGKILL");
        assertTurnsEnded(client, population, Turn.EndReason.SESSION_ENDED);
        Session idle = client.sessionByName("idle");
        idle.restart();
        assertThat(idle.prompt("echo goes on").output()).isEqualTo("goes on\n");
        Await.until("the follower saw it", () -> seen.text().contains("goes on\r\n"));
      }
      seen.assertWhole();
      assertThat(seen.text()).contains("kept\r\n");
      attachment.close();
    }
  }

  /** A session that no polite signal ends. */
  private static void createDeaf(CleatClient client) {
    String script = "trap '' HUP TERM; echo deaf; while :; do sleep 0.1; done";
    Session session = client.create(NewSession.of("sh").name("deaf").args(List.of("-c", script)));
    Transcript seen = Transcript.keeping();
    try (Attachment _ = session.attach(seen)) {
      Await.until("it is deaf", () -> seen.text().contains("deaf"));
    }
  }

  /** Ends the server while somebody watches its health, its sessions and a turn. */
  private static void shutDown(ServerProcess server, CleatClient client, Population population)
      throws Exception {
    RawStream<HealthCheckResponse> health = new RawStream<>();
    HealthGrpc.newStub(client.grpc().channel())
        .watch(
            HealthCheckRequest.newBuilder().setService("cleat.v1.SessionService").build(), health);
    // On the same connection before the stream that is waited for.
    ListenableFuture<WaitTurnResponse> waiter =
        SessionServiceGrpc.newFutureStub(client.grpc().channel())
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId(population.working.id())
                    .setTurnId(population.running.id())
                    .build());
    RawStream<AttachResponse> watcher = new RawStream<>();
    client
        .grpc()
        .sessionsAsync()
        .attach(watcher)
        .onNext(
            AttachRequest.newBuilder()
                .setOpen(AttachOpen.newBuilder().setSessionId(population.idle.id()))
                .build());
    Await.until(
        "all are connected",
        () ->
            !health.responses().isEmpty()
                && watcher.responses().stream().anyMatch(AttachResponse::hasCaughtUp));

    server.terminate();
    assertThat(watcher.end()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(watcher.reason()).isEqualTo("DRAINING");
    assertThat(waitReason(waiter)).isEqualTo("DRAINING");
    assertRefusesSessions(client);
    assertThat(health.end()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(server.awaitEnd()).isZero();
    assertThat(health.responses().getFirst().getStatus()).isEqualTo(ServingStatus.SERVING);
    assertThat(health.responses().getLast().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
  }

  private static String waitReason(ListenableFuture<WaitTurnResponse> waiter) throws Exception {
    try {
      return "an answer: " + Await.result(waiter);
    } catch (ExecutionException e) {
      return RawStream.reason(e.getCause());
    }
  }

  private static void assertRefusesSessions(CleatClient client) {
    try {
      client.grpc().sessions().create(CreateRequest.newBuilder().setTool("bash").build());
      throw new AssertionError("a server that shuts down has created a session");
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  private static void assertTurnsEnded(
      CleatClient client, Population population, Turn.EndReason reason) {
    List<Turn> turns = client.session(population.working.id()).turns(10);
    assertThat(turns)
        .extracting(Turn::id)
        .containsExactly(population.queued.id(), population.running.id());
    assertThat(turns.getFirst().state()).isEqualTo(Turn.State.FAILED);
    assertThat(turns.getFirst().endReason()).isEqualTo(reason);
    assertThat(turns.getLast().state()).isIn(Turn.State.FAILED, Turn.State.UNCERTAIN);
  }

  @Test
  void aKilledServersSessionsAreLostAndStartAgainUnderTheSameNumbering() throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    Population population;
    Transcript seen = Transcript.keeping();
    try (CleatClient client = server.client()) {
      population = Population.create(client);
      AttachOptions options = AttachOptions.fromBeginning().readOnly();
      try (Attachment _ = population.working.attach(options, seen)) {
        Await.until("all of it was seen", seen::caughtUp);
        server.kill();
      }
    }
    try (CleatClient client = servers.start(data).client()) {
      for (Session session : population.sessions()) {
        assertThat(client.session(session.id()).info().state()).isEqualTo(SessionInfo.State.LOST);
      }
      assertTurnsEnded(client, population, Turn.EndReason.SESSION_LOST);
      Session working = client.session(population.working.id());
      assertThat(working.turns(10).getLast().state()).isEqualTo(Turn.State.UNCERTAIN);
      assertThat(working.turns(10).getLast().endReason()).isEqualTo(Turn.EndReason.SESSION_LOST);

      assertThat(working.restart().run()).isEqualTo(2);
      assertThat(working.prompt("echo again").output()).isEqualTo("again\n");
      working.stop();
      Transcript all = Transcript.keeping();
      Transcript.end(working.attach(AttachOptions.fromBeginning().readOnly(), all));
      all.assertWhole();
      all.assertContains(seen);
      assertThat(working.info().head()).isEqualTo(new Position(1, all.last()));
    }
  }
}

package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A server that is killed with SIGKILL at random moments under load, again and again. */
@Order(2)
class KilledServerTest {
  private static final int KILLS = Scale.of(10, 100);

  /** Prints numbers in bursts, for ever. */
  private static final List<String> PRINTS =
      List.of("-c", "stty raw -echo; n=1; while :; do seq $n $((n += 2000)); sleep 0.01; done");

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** A session that prints, and a client that has followed it since it was created. */
  private record Followed(Session session, Attachment attachment, Transcript seen) {
    static Followed create(CleatClient client) {
      Session session = client.create(NewSession.of("sh").args(PRINTS));
      Transcript seen = Transcript.digesting();
      AttachOptions options = AttachOptions.fromBeginning().readOnly().followRestarts();
      return new Followed(session, session.attach(options, seen), seen);
    }
  }

  @Test
  void whatWasSeenIsThereAgainAndNothingIsDoneTwice() throws Exception {
    Report report = Report.of("kill -9 under load");
    long seed = Scale.seed("kills");
    Random random = new Random(seed);
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), Cuts.NONE, seed);
        CleatClient client = ServerProcess.client(proxy.target());
        ExecutorService callers = Executors.newCachedThreadPool()) {
      List<Followed> printers = List.of(Followed.create(client), Followed.create(client));
      Session shell = client.create("bash");
      RetriedCreates creates = new RetriedCreates(folder.resolve("creates"));
      RetriedPrompts prompts =
          new RetriedPrompts(shell.id(), folder.resolve("prompts"), random.nextLong());

      for (int kill = 1; kill <= KILLS; kill++) {
        underLoad(server, callers, printers, creates, prompts, random);
        server = servers.start(data);
        proxy.retarget(server.port());
        try (CleatClient direct = server.client()) {
          SessionServiceBlockingStub stub = direct.grpc().sessions();
          assertLost(direct, printers, shell);
          creates.retry(stub);
          prompts.retryLost(stub);
          for (Followed printer : printers) {
            direct.session(printer.session.id()).restart();
          }
          direct.session(shell.id()).restart();
          prompts.retryRunning(stub);
        }
      }
      try (CleatClient direct = server.client()) {
        creates.assertOnce(direct.grpc().sessions());
        prompts.assertOnce(direct.grpc().sessions());
        for (Followed printer : printers) {
          assertAllThere(direct, printer);
        }
      }
      report
          .add("kills", KILLS)
          .add("creates", creates.count())
          .add("prompts", prompts.count())
          .add("events", printers.getFirst().seen.last())
          .add("bytes", printers.getFirst().seen.bytes())
          .passed();
    }
  }

  private void underLoad(
      ServerProcess server,
      ExecutorService callers,
      List<Followed> printers,
      RetriedCreates creates,
      RetriedPrompts prompts,
      Random random)
      throws Exception {
    List<Future<?>> calls = new ArrayList<>();
    try (CleatClient direct = server.client()) {
      SessionServiceBlockingStub stub = direct.grpc().sessions();
      calls.add(callers.submit(() -> creates.untilGone(stub)));
      calls.add(callers.submit(() -> prompts.untilGone(stub)));
      int moreCreates = creates.count() + random.nextInt(10);
      int morePrompts = prompts.count() + random.nextInt(10);
      List<Long> before = printers.stream().map(printer -> printer.seen.last()).toList();
      Await.untilAsserted(() -> {
        assertGoOn(calls);
        assertThat(creates.count()).as("creates").isGreaterThanOrEqualTo(moreCreates);
        assertThat(prompts.count()).as("prompts").isGreaterThanOrEqualTo(morePrompts);
        for (int i = 0; i < printers.size(); i++) {
          Followed printer = printers.get(i);
          assertThat(printer.seen.last())
              .as(
                  "events of printer %d, %s %s",
                  i, printer.attachment.done(), printer.seen.errors())
              .isGreaterThan(before.get(i) + 20);
        }
      });
      // The random moment itself, not a wait for anything.
      TimeUnit.MICROSECONDS.sleep(random.nextInt(50_000));
      server.kill();
      for (Future<?> call : calls) {
        Await.result(call);
      }
    }
  }

  private static void assertGoOn(List<Future<?>> calls) throws Exception {
    for (Future<?> call : calls) {
      if (call.isDone()) {
        throw new IllegalStateException("the server is gone for a caller: " + call.get());
      }
    }
  }

  private static void assertLost(CleatClient direct, List<Followed> printers, Session shell) {
    for (Followed printer : printers) {
      SessionInfo info = direct.session(printer.session.id()).info();
      assertThat(info.state()).isEqualTo(SessionInfo.State.LOST);
      assertThat(info.head().seq()).isGreaterThanOrEqualTo(printer.seen.last());
      assertThat(info.head().epoch()).isEqualTo(1);
    }
    assertThat(direct.session(shell.id()).info().state()).isEqualTo(SessionInfo.State.LOST);
  }

  private static void assertAllThere(CleatClient direct, Followed printer) throws Exception {
    Session session = direct.session(printer.session.id());
    long head = session.stop().head().seq();
    Await.until("all of it was followed", () -> printer.seen.last() == head);
    printer.attachment.close();
    printer.seen.assertWhole();
    assertThat(printer.seen.reconnects()).isGreaterThanOrEqualTo(KILLS);

    Transcript again = Transcript.digesting();
    Transcript.end(session.attach(AttachOptions.fromBeginning().readOnly(), again));
    again.assertWhole();
    assertThat(again.last()).isEqualTo(head);
    again.assertContains(printer.seen);
    assertThat(again.sha()).isEqualTo(printer.seen.sha());
    assertThat(again.bytes()).isEqualTo(session.refresh().outputBytes());
  }
}

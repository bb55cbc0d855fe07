package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.AddedUsage;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Turn;
import dev.cleat.v1.Usage;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Usage that is added while the server is killed with SIGKILL at random moments. */
class KilledUsageTest {
  private static final int KILLS = Scale.of(3, 50);
  private static final int MOST = 90;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** The same for the same number: the call and its retry. */
  private static AddUsageRequest addition(String sessionId, String turnId, int number) {
    return AddUsageRequest.newBuilder()
        .setSessionId(sessionId)
        .setTurnId(turnId)
        .setUsage(Usage.newBuilder().setInputTokens(number).setOutputTokens(1))
        .setRequestId("addition-" + number)
        .build();
  }

  /** Adds until the server is gone, or there may not be many more. */
  private static void untilGone(
      SessionServiceBlockingStub server, String sessionId, String turnId, AtomicInteger answered) {
    try {
      for (int number = 1; number <= MOST; number++) {
        server.addUsage(addition(sessionId, turnId, number));
        answered.set(number);
      }
    } catch (StatusRuntimeException e) {
      // It is gone: what was not answered is asked again.
    }
  }

  @Test
  void nothingThatWasAddedIsLostOrDoubled() throws Exception {
    Random random = new Random(Scale.seed("usage"));
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      id = client.create("bash").id();
    }
    long input = 0;
    long output = 0;
    try (ExecutorService callers = Executors.newCachedThreadPool()) {
      for (int kill = 1; kill <= KILLS; kill++) {
        AtomicInteger answered = new AtomicInteger();
        String turnId;
        try (CleatClient client = server.client()) {
          Session session = client.session(id);
          turnId = session.prompt("true").id();
          Future<?> caller =
              callers.submit(() -> untilGone(client.grpc().sessions(), id, turnId, answered));
          int more = random.nextInt(20);
          Await.until("some was added", () -> answered.get() > more);
          // The random moment itself, not a wait for anything.
          TimeUnit.MICROSECONDS.sleep(random.nextInt(5_000));
          server.kill();
          Await.result(caller);
        }
        server = servers.start(data);
        try (CleatClient client = server.client()) {
          SessionServiceBlockingStub stub = client.grpc().sessions();
          int last = Math.min(MOST, answered.get() + 1);
          assertAdded(stub, id, turnId, answered.get(), last);
          List<String> expected = new ArrayList<>();
          for (int number = 1; number <= last; number++) {
            var _ = stub.addUsage(addition(id, turnId, number));
            expected.add("addition-" + number);
            input += number;
            output++;
          }
          assertThat(turn(stub, id, turnId).getAddedUsageList())
              .extracting(AddedUsage::getRequestId)
              .containsExactlyElementsOf(expected);
          Usage usage =
              stub.get(GetRequest.newBuilder().setSessionId(id).build()).getSession().getUsage();
          assertThat(usage.getInputTokens()).isEqualTo(input);
          assertThat(usage.getOutputTokens()).isEqualTo(output);
          client.session(id).restart();
        }
      }
    }
  }

  private static Turn turn(SessionServiceBlockingStub server, String sessionId, String turnId) {
    return server
        .getTurn(GetTurnRequest.newBuilder().setSessionId(sessionId).setTurnId(turnId).build())
        .getTurn();
  }

  /**
   * Before anything is asked again: all that was answered is there, in order, and at most one more.
   */
  private static void assertAdded(
      SessionServiceBlockingStub server, String sessionId, String turnId, int answered, int last) {
    Turn turn = turn(server, sessionId, turnId);
    assertThat(turn.getAddedUsageCount()).isBetween(answered, last);
    for (int i = 0; i < turn.getAddedUsageCount(); i++) {
      assertThat(turn.getAddedUsage(i).getRequestId()).isEqualTo("addition-" + (i + 1));
    }
    int count = turn.getAddedUsageCount();
    assertThat(turn.getUsage().getInputTokens()).isEqualTo((long) count * (count + 1) / 2);
    assertThat(turn.getUsage().getOutputTokens()).isEqualTo(count);
  }
}

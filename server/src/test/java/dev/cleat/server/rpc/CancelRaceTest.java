package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A turn is cancelled around the moment in which it ends, with another behind it. */
@Order(4)
class CancelRaceTest {
  private static final int ROUNDS = 60;

  /**
   * Whatever becomes of the first, the cancel is not the second's, which is long enough to be hit.
   *
   * @param first the prompt that is cancelled
   * @param second the one behind it
   */
  @ParameterizedTest
  @CsvSource({
    "bash, sleep 0.03, sleep 0.02 && echo second",
    "fake, work 30, work 20",
    "once, sleep 0.03, sleep 0.02 && echo second",
  })
  void aCancelIsOfItsTurnAlone(String tool, String first, String second, @TempDir Path folder)
      throws Exception {
    final long seed = new Random().nextLong();
    System.out.println("cancels around the end: seed " + seed);
    final Random random = new Random(seed);
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            FakeAcpAgent.catalogue().replaceFirst("}}}$", "}}, ")
                + "once: {headless: {command: [sh, -c, '{prompt}'], output: plain}}}");
    final Map<TurnState, Integer> became = new EnumMap<>(TurnState.class);
    try (TestServer server =
        TestServer.start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()))) {
      final Prompter prompter = new Prompter(server.sessions());
      final String id =
          prompter.create(CreateRequest.newBuilder().setTool(tool).putEnv("HOME", "/nonexistent"));
      prompter.run(id, first);
      final long begin = System.nanoTime();
      prompter.run(id, first);
      final long usual = System.nanoTime() - begin;
      for (int round = 0; round < ROUNDS; round++) {
        final Turn cancelled = prompter.send(id, first);
        final Turn behind = prompter.send(id, second);
        LockSupport.parkNanos(usual / 2 + random.nextLong(usual / 2));
        prompter.cancel(cancelled);

        became.merge(prompter.await(cancelled).getState(), 1, Integer::sum);
        final Turn ended = prompter.await(behind);
        assertThat(ended.getState())
            .as("%s, seed %d", ended, seed)
            .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
      }
    }
    assertThat(became.keySet())
        .as("what became of the first, seed %d: %s", seed, became)
        .isSubsetOf(TurnState.TURN_STATE_SUCCEEDED, TurnState.TURN_STATE_CANCELLED);
  }
}

package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How often what a session says of its agent's activity is wrong, where that is judged by the
 * screen. What is right is known from the script: the agent works from its model's first byte to
 * its last.
 */
@RealAgents
@Tag("measured")
class ScreenActivityTest {
  private static final int TURNS = 4;
  private static final Duration SILENCE = Duration.ofSeconds(3);

  /** Around a change, either is right: an agent takes a moment to show it. */
  private static final Duration MOMENT = Duration.ofMillis(1_500);

  /** How long the agent is looked at when it has nothing to do. */
  private static final Duration REST = Duration.ofSeconds(5);

  private static final Reply ANSWER =
      Reply.text("It begins.\n\n")
          .thenSilence(SILENCE)
          .thenText("It goes on.\n\n")
          .thenSilence(SILENCE)
          .thenText("It ends.");

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private volatile Instant asked = Instant.EPOCH;
  private final Map<String, Integer> samples = new TreeMap<>();

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void workIsNeverTakenForRest(Agent agent) throws Exception {
    try (ModelApi model = ModelApi.start();
        CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
      servers.home(home.home());
      model.otherwise(request -> {
        asked = Instant.now();
        return ANSWER;
      });
      Session session =
          cleat.create(
              NewSession.of(agent.name().toLowerCase(Locale.ROOT))
                  .workdir(home.work().toString())
                  .env(home.environment())
                  .way(PromptWay.TERMINAL));
      for (int i = 0; i < TURNS; i++) {
        RunningTurn turn = session.start(Prompt.of("Turn " + i));
        var _ = model.awaitTurn(i + 1);
        sample(session);
        var _ = turn.await();
      }
      session.delete(true);
    }
    System.out.printf("activity of %s by its screen: %s%n", agent, samples);
    assertThat(samples.keySet()).noneMatch(key -> key.startsWith("working, said IDLE"));
    assertThat(samples.keySet()).anyMatch(key -> key.startsWith("working, said BUSY by TICK"));
    assertThat(samples.keySet()).anyMatch(key -> key.startsWith("resting, said IDLE by SCREEN"));
  }

  private void sample(Session session) throws InterruptedException {
    Instant begin = asked;
    Instant end = begin.plus(SILENCE.multipliedBy(2));
    for (Instant now = begin; now.isBefore(end.plus(REST)); now = Instant.now()) {
      SessionInfo info = session.refresh();
      Instant after = Instant.now();
      if (now.isAfter(begin.plus(MOMENT)) && after.isBefore(end)) {
        count("working", info);
      } else if (now.isAfter(end.plus(MOMENT))) {
        count("resting", info);
      }
      Thread.sleep(20);
    }
  }

  private void count(String doing, SessionInfo info) {
    String source = info.raw().getActivity().getSource().name().replace("EVIDENCE_SOURCE_", "");
    samples.merge("%s, said %s by %s".formatted(doing, info.activity(), source), 1, Integer::sum);
  }
}

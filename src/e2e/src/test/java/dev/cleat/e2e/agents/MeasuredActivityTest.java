package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.awaitQuestion;
import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionInfo.Activity;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.Servers;
import dev.cleat.v1.EvidenceSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How often what a session says of its agent's activity is right, and by what it was judged. What
 * is the case is known from the script alone: the test holds the model's answer back, lets the
 * command of the agent's tool run, answers its question, or does nothing.
 */
@RealAgents
@Tag("measured")
class MeasuredActivityTest {
  private static final int TURNS = 3;

  /** How long each phase of a turn lasts. */
  private static final Duration PHASE = Duration.ofSeconds(5);

  /** After a change an agent takes a moment to show it: what was said before is not wrong yet. */
  private static final Duration MOMENT = Duration.ofSeconds(2);

  /** Runs until it may end. */
  private static final String COMMAND =
      "touch $1.begun; while [ ! -e $1.end ]; do sleep 0.05; done; echo done";

  private static final String TOOL = "tool.sh";

  /** What is the case, and what is to be said then. */
  private enum Phase {
    MODEL(Activity.BUSY),
    TOOL(Activity.BUSY),
    QUESTION(Activity.WAITING_FOR_APPROVAL),
    REST(Activity.IDLE);

    private final Activity right;

    Phase(Activity right) {
      this.right = right;
    }
  }

  /**
   * What was said once.
   *
   * @param settled whether the last change was longer than a moment ago
   */
  private record Sample(Phase phase, Activity said, EvidenceSource by, boolean settled) {
    boolean right() {
      return said == phase.right;
    }

    /** Also around changes, but for that to the end of the turn. */
    boolean withATurn() {
      return phase != Phase.REST;
    }

    boolean falseIdle() {
      return withATurn() && said == Activity.IDLE;
    }

    @Override
    public String toString() {
      return "%s, said %s by %s".formatted(phase, said, by.name().replace("EVIDENCE_SOURCE_", ""));
    }
  }

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();
  private final List<Sample> samples = new ArrayList<>();

  static Stream<Arguments> agentsAndWays() {
    return Stream.concat(
        AgentSessions.agentsAndWays(),
        Stream.of(Agent.CLAUDE, Agent.CODEX).map(agent -> Arguments.of(agent, PromptWay.TERMINAL)));
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void agentWithATurnIsNeverSaidToBeIdle(Agent agent, PromptWay way) throws Exception {
    boolean asks = way != PromptWay.HEADLESS;
    AgentHome home = agent.home(folder, model, asks ? AgentHome.Asks.ALWAYS : AgentHome.Asks.NEVER);
    Files.writeString(home.work().resolve(TOOL), COMMAND);
    try (CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      Session session = cleat.create(AgentSessions.of(servers, agent, home, way));
      for (int turn = 1; turn <= TURNS; turn++) {
        turn(session, agent, home, turn, asks);
      }
      session.delete(true);
    }
    print(agent, way);
    assertThat(samples).as("idle with a turn").noneMatch(Sample::falseIdle);
    if (way != PromptWay.TERMINAL) {
      assertThat(samples).filteredOn(Sample::settled).allMatch(Sample::right);
    }
    assertThat(
            samples.stream()
                .filter(Sample::settled)
                .filter(Sample::right)
                .map(Sample::phase)
                .distinct())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Phase.values()).filter(p -> asks || p != Phase.QUESTION).toList());
  }

  /**
   * The model answers and wants a command, the agent may run it, it runs, the model has its end.
   */
  private void turn(Session session, Agent agent, AgentHome home, int turn, boolean asks)
      throws Exception {
    String command = "sh " + TOOL + " " + turn;
    CountDownLatch wish = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Reply first =
        Reply.text("It begins.\n\n")
            .thenHold(wish)
            .then(asks ? agent.asksToRun(command) : agent.runs(command));
    Reply second = Reply.held(end).thenText("It ends.");
    CountDownLatch continued = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    model.otherwise(request -> {
      (request.continuesATurn() ? continued : asked).countDown();
      return request.continuesATurn() ? second : first;
    });
    RunningTurn running = session.start(Prompt.of("Turn " + turn));
    asked.await();
    sample(session, Phase.MODEL);
    wish.countDown();
    if (asks) {
      sample(session, Phase.QUESTION);
      session.resolve(awaitQuestion(session).allow());
    }
    Await.until("the command runs", () -> Files.exists(home.work().resolve(turn + ".begun")));
    sample(session, Phase.TOOL);
    Files.createFile(home.work().resolve(turn + ".end"));
    continued.await();
    sample(session, Phase.MODEL);
    end.countDown();
    sample(session, Phase.REST);
    succeeded(running.await());
  }

  private void sample(Session session, Phase phase) throws InterruptedException {
    Instant begin = Instant.now();
    for (Instant now = begin; now.isBefore(begin.plus(PHASE)); now = Instant.now()) {
      SessionInfo info = session.refresh();
      EvidenceSource by = info.raw().getActivity().getSource();
      samples.add(new Sample(phase, info.activity(), by, now.isAfter(begin.plus(MOMENT))));
      Thread.sleep(20);
    }
  }

  /** A row of the table, and what is behind it. */
  private void print(Agent agent, PromptWay way) {
    List<Sample> settled = samples.stream().filter(Sample::settled).toList();
    String cells =
        Arrays.stream(Phase.values())
            .map(phase -> share(settled, sample -> sample.phase() == phase, Sample::right))
            .collect(Collectors.joining(" | "));
    System.out.printf(
        "| %s | %s | %s | %s |%n",
        agent.name().toLowerCase(Locale.ROOT),
        way,
        cells,
        share(samples, Sample::withATurn, Sample::falseIdle));
    settled.stream()
        .collect(Collectors.groupingBy(Sample::toString, TreeMap::new, Collectors.counting()))
        .forEach((what, count) ->
            System.out.printf("activity of %s, %s: %s: %d%n", agent, way, what, count));
  }

  /** How many of those that count are so. */
  private static String share(
      List<Sample> samples, Predicate<Sample> counts, Predicate<Sample> isSo) {
    List<Sample> all = samples.stream().filter(counts).toList();
    return all.isEmpty()
        ? "–"
        : "%d of %d".formatted(all.stream().filter(isSo).count(), all.size());
  }
}

package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.Approval;
import dev.cleat.client.ApprovalRule;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionSettings;
import dev.cleat.client.Turn;
import dev.cleat.client.TurnEvent;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sessions of the real agents in a real server: one API over all of them. */
@RealAgents
class AgentSessionsTest {
  private static final String FIRST = "What comes first?";

  /** The smallest picture: one pixel. */
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=");

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private ModelApi model;

  static Stream<Arguments> agentsAndWays() {
    return Stream.of(Agent.values())
        .flatMap(agent ->
            Stream.of(PromptWay.ACP, PromptWay.HEADLESS).map(way -> Arguments.of(agent, way)));
  }

  @BeforeEach
  void startModel() throws Exception {
    model = ModelApi.start();
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  private ServerProcess server() throws Exception {
    return servers.start(folder.resolve("data"));
  }

  private NewSession of(Agent agent, AgentHome home, PromptWay way) {
    servers.home(home.home());
    return NewSession.of(agent.name().toLowerCase(Locale.ROOT))
        .workdir(home.work().toString())
        .env(home.environment())
        .way(way)
        .revive(RevivePolicy.ON_PROMPT);
  }

  private static Turn succeeded(Turn turn) {
    assertThat(turn.state()).as("%s", turn.raw()).isEqualTo(Turn.State.SUCCEEDED);
    return turn;
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void conversationGoesOnAlsoOverAKilledServer(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("The ", "first."), Reply.text("Second."), Reply.text("Third."));
    String id;
    ServerProcess server = server();
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, way));
      id = session.id();
      assertThat(succeeded(session.prompt(FIRST)).answer()).contains("The first.");
      assertThat(succeeded(session.prompt("And then?")).answer()).contains("Second.");
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      assertThat(succeeded(session.prompt("And at last?")).answer()).contains("Third.");
      assertThat(session.turns(10)).hasSize(3);
    }
    assertThat(model.turns()).hasSize(3);
    assertThat(model.lastTurn().prompts())
        .anyMatch(prompt -> prompt.contains(FIRST))
        .anyMatch(prompt -> prompt.contains("And at last?"));
    assertThat(model.lastTurn().replies()).contains("The first.", "Second.");
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void sameStoryIsToldInTheSameWords(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(
        agent.runs("printf made > made.txt && echo written").using(100, 10),
        Reply.text("It is ", "done.").using(200, 20));
    try (CleatClient cleat = server().client()) {
      RunningTurn turn = cleat.create(of(agent, home, way)).start(Prompt.of(FIRST));
      List<TurnEvent> events = new ArrayList<>();
      turn.events().forEach(events::add);

      List<String> story =
          events.stream()
              // Codex warns of a model that it does not know before it begins.
              .dropWhile(event -> !(event instanceof TurnEvent.ToolCall))
              .filter(event -> !(event instanceof TurnEvent.AgentMessage))
              .map(event -> event.getClass().getSimpleName())
              .toList();
      assertThat(story.stream().distinct())
          .containsExactly("ToolCall", "ToolResult", "AgentText", "UsageReported");
      TurnEvent.ToolCall call = only(events, TurnEvent.ToolCall.class);
      assertThat(call.inputJson()).contains("made.txt");
      TurnEvent.ToolResult result = only(events, TurnEvent.ToolResult.class);
      assertThat(result.text()).contains("written");
      assertThat(result.callId()).isEqualTo(call.callId());
      Turn ended = succeeded(turn.await());
      assertThat(ended.answer()).endsWith("It is done.");
      assertThat(ended.usage().inputTokens()).isIn(200L, 300L);
      assertThat(ended.usage().outputTokens()).isIn(20L, 30L);
    }
    assertThat(home.work().resolve("made.txt")).hasContent("made");
  }

  private static <T> T only(List<TurnEvent> events, Class<T> kind) {
    List<T> found = events.stream().filter(kind::isInstance).map(kind::cast).toList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  @ParameterizedTest
  @EnumSource
  void commandRunsOnlyWhenItIsAllowed(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, PromptWay.ACP));

      RunningTurn denied = session.start(Prompt.of("Write it."));
      Approval question = awaitQuestion(session);
      assertThat(question.turnId()).isEqualTo(denied.id());
      session.resolve(question.deny().by("tester"));
      assertThat(denied.await().ended()).isTrue();
      assertThat(made).doesNotExist();
      CleatException late =
          catchThrowableOfType(CleatException.class, () -> session.resolve(question.allow()));
      assertThat(late.reason()).isEqualTo("APPROVAL_RESOLVED");

      RunningTurn allowed = session.start(Prompt.of("Do write it."));
      session.resolve(awaitQuestion(session).allow());
      succeeded(allowed.await());
      assertThat(made).hasContent("made");
    }
  }

  private static Approval awaitQuestion(Session session) {
    Await.until("a question is asked", () -> !session.approvals().isEmpty());
    return session.approvals().getFirst();
  }

  @ParameterizedTest
  @EnumSource
  void questionIsDecidedByTimeOrByRule(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session timed =
          cleat.create(of(agent, home, PromptWay.ACP).approvals(List.of(), Duration.ofSeconds(1)));
      assertThat(timed.prompt("Write it.").ended()).isTrue();
      assertThat(made).doesNotExist();

      Session ruled =
          cleat.create(
              of(agent, home, PromptWay.ACP).approvals(List.of(ApprovalRule.everything())));
      RunningTurn turn = ruled.start(Prompt.of("Write it."));
      List<TurnEvent> events = new ArrayList<>();
      turn.events().forEach(events::add);
      succeeded(turn.await());
      assertThat(made).hasContent("made");
      Approval.Answer answer =
          only(events, TurnEvent.ApprovalResolved.class).approval().answer().orElseThrow();
      assertThat(answer.source()).isEqualTo(Approval.Source.RULE);
      assertThat(answer.by()).isEqualTo("everything");
    }
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void cancelEndsItsTurnAndTheNextOneWorks(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    model.reply(Reply.text("Begun.").thenHold(hold), Reply.text("Next."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, way));
      RunningTurn turn = session.start(Prompt.of(FIRST));
      RunningTurn next = session.start(Prompt.of("And then?"));
      var _ = model.awaitTurn(1);
      turn.cancel();
      Turn cancelled = turn.await();
      hold.countDown();

      assertThat(cancelled.state()).isEqualTo(Turn.State.CANCELLED);
      assertThat(succeeded(next.await()).answer()).contains("Next.");
    }
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void troubleOfTheModelFailsTheTurnAndTheSessionGoesOn(Agent agent, PromptWay way)
      throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    Map<String, String> soon = Map.of("retry-after-ms", "10");
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, way));
      model.otherwise(request -> Reply.error(529, "too busy for you", soon));
      Turn busy = session.prompt(FIRST);
      assertThat(busy.state()).as("%s", busy.raw()).isEqualTo(Turn.State.FAILED);
      assertThat(busy.statusMessage()).contains("too busy for you");

      model.otherwise(request -> Reply.silent(Duration.ofMinutes(5)));
      Turn silent = session.prompt(Prompt.of(FIRST).timeout(Duration.ofSeconds(3)));
      assertThat(silent.state()).isEqualTo(Turn.State.TIMED_OUT);

      model.otherwise(request -> Reply.text("Here again."));
      assertThat(succeeded(session.prompt("Are you there?")).answer()).contains("Here again.");
    }
  }

  @Test
  void retriedPromptReachesTheModelOnce() throws Exception {
    AgentHome home = Agent.CLAUDE.home(folder, model, AgentHome.Asks.NEVER);
    model.otherwise(request -> Reply.text("Once."));
    Prompt prompt = Prompt.of(FIRST).requestId("the same");
    ServerProcess server = server();
    String id;
    String turn;
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(Agent.CLAUDE, home, PromptWay.ACP));
      id = session.id();
      turn = session.start(prompt).id();
      for (int i = 1; i < 50; i++) {
        assertThat(session.start(prompt).id()).isEqualTo(turn);
      }
      succeeded(session.start(prompt).await());
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      for (int i = 0; i < 50; i++) {
        assertThat(cleat.session(id).start(prompt).id()).isEqualTo(turn);
      }
    }
    assertThat(model.turns()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void pictureArrivesWholeAndAChangedModelCounts(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("A dot."), Reply.text("Still."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, PromptWay.ACP));
      succeeded(session.prompt(Prompt.of("What is it?").image("image/png", PNG)));
      assertThat(model.lastTurn().images()).containsExactly(PNG);

      session.update(new SessionSettings().model(agent.acpModel()));
      succeeded(session.prompt("And now?"));
      assertThat(model.awaitTurn(2).model()).contains(agent.otherModel());
    }
  }

  @Test
  void endpointOfASessionGoesToTheRightOne() throws Exception {
    AgentHome home = Agent.CLAUDE.home(folder, model, AgentHome.Asks.NEVER);
    try (ModelApi other = ModelApi.start();
        CleatClient cleat = server().client()) {
      other.reply(Reply.text("From the other."));
      model.reply(Reply.text("From this one."));

      NewSession there = of(Agent.CLAUDE, home, PromptWay.ACP).endpoint(other.url());
      assertThat(succeeded(cleat.create(there).prompt(FIRST)).answer())
          .isEqualTo("From the other.");
      NewSession here = of(Agent.CLAUDE, home, PromptWay.HEADLESS);
      assertThat(succeeded(cleat.create(here).prompt(FIRST)).answer()).isEqualTo("From this one.");
    }
  }
}

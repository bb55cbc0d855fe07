package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.awaitQuestion;
import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.Approval;
import dev.cleat.client.ApprovalRule;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionSettings;
import dev.cleat.client.Turn;
import dev.cleat.client.TurnEvent;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sessions of the real agents in a real server: one API over all of them. */
@RealAgents
@Order(RealAgents.LONG)
class AgentSessionsTest {
  private static final String FIRST = "What comes first?";
  private static final Duration FOREVER = Duration.ofHours(1);
  private static final String COMMAND = "printf made > made.txt && echo written";

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private ServerProcess server() throws Exception {
    return servers.start(folder.resolve("data"));
  }

  private NewSession of(Agent agent, AgentHome home, PromptWay way) {
    return AgentSessions.of(servers, agent, home, way);
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.THAT_GO_ON)
  void conversationGoesOnAlsoOverAKilledServer(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(
        Reply.text("The ", "first."),
        Reply.text("Second."),
        Reply.text("Third."),
        Reply.text("Fourth."));
    String id;
    ServerProcess server = server();
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, way));
      id = session.id();
      assertThat(succeeded(session.prompt(FIRST)).answer()).contains("The first.");
      assertThat(succeeded(session.prompt("And then?")).answer()).contains("Second.");
      assertThat(succeeded(session.prompt("And now?")).answer()).contains("Third.");
    }
    assertSeen(FIRST, "And now?").contains("The first.", "Second.");
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      assertThat(succeeded(session.prompt("And at last?")).answer()).contains("Fourth.");
      assertThat(session.turns(10)).hasSize(4);
    }
    assertThat(model.turns()).hasSize(4);
    assertSeen(FIRST, "And at last?").contains("The first.", "Second.", "Third.");
  }

  /** The model was last asked with these prompts; goes on with what it had said itself. */
  private ListAssert<String> assertSeen(String first, String last) {
    assertThat(model.lastTurn().prompts())
        .anyMatch(prompt -> prompt.contains(first))
        .anyMatch(prompt -> prompt.contains(last));
    return assertThat(model.lastTurn().replies());
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void sameStoryIsToldInTheSameWords(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(agent.runs(COMMAND).using(100, 10), Reply.text("It is ", "done.").using(200, 20));
    try (CleatClient cleat = server().client()) {
      RunningTurn turn = cleat.create(of(agent, home, way)).start(Prompt.of(FIRST));
      List<TurnEvent> events = new ArrayList<>();
      turn.events().forEach(events::add);

      assertThat(story(events))
          .containsExactly("ToolCall", "ToolResult", "AgentText", "UsageReported");
      TurnEvent.ToolCall call = only(events, TurnEvent.ToolCall.class);
      // By ACP, Gemini CLI tells a call by its title, and of its result that there is one.
      boolean brief = agent == Agent.GEMINI && way == PromptWay.ACP;
      assertThat(brief ? call.title() : call.inputJson()).contains(COMMAND);
      TurnEvent.ToolResult result = only(events, TurnEvent.ToolResult.class);
      assertThat(result.text()).contains(brief ? "" : "written");
      assertThat(result.callId()).isEqualTo(call.callId());
      assertThat(text(events)).endsWith("It is done.");
      Turn ended = succeeded(turn.await());
      assertThat(ended.answer()).endsWith("It is done.");
      assertThat(ended.usage().inputTokens()).isIn(200L, 300L);
      assertThat(ended.usage().outputTokens()).isIn(20L, 30L);
    }
    assertThat(home.work().resolve("made.txt")).hasContent("made");
  }

  /**
   * What kinds of events there were, in their order. Texts come in as many pieces as the agent
   * likes, and some tell what they have used so far after each step.
   */
  private static List<String> story(List<TurnEvent> events) {
    List<String> kinds = new ArrayList<>();
    events.stream()
        // Codex warns of a model that it does not know before it begins.
        .dropWhile(event -> !(event instanceof TurnEvent.ToolCall))
        .filter(event -> !(event instanceof TurnEvent.AgentMessage))
        .map(event -> event.getClass().getSimpleName())
        .forEach(kind -> {
          if (!kinds.isEmpty()
              && (kind.equals(kinds.getLast()) || kinds.getLast().equals("UsageReported"))) {
            kinds.removeLast();
          }
          kinds.add(kind);
        });
    return kinds;
  }

  private static String text(List<TurnEvent> events) {
    return events.stream()
        .filter(TurnEvent.AgentText.class::isInstance)
        .map(event -> ((TurnEvent.AgentText) event).text())
        .collect(Collectors.joining());
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
    Reply run = agent.asksToRun(COMMAND);
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

  @ParameterizedTest
  @EnumSource
  void questionThatNobodyAnswersIsDenied(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Reply run = agent.asksToRun(COMMAND);
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session session =
          cleat.create(of(agent, home, PromptWay.ACP).approvals(List.of(), Duration.ofSeconds(1)));
      RunningTurn turn = session.start(Prompt.of("Write it."));

      Approval.Answer answer = decided(turn).answer().orElseThrow();
      assertThat(answer.source()).isEqualTo(Approval.Source.DEADLINE);
      assertThat(answer.decision()).isEqualTo(Approval.Decision.DENIED);
      assertThat(home.work().resolve("made.txt")).doesNotExist();
    }
  }

  /** By all, by the tool that the last question was of, and no more once that rule is gone. */
  @ParameterizedTest
  @EnumSource
  void questionIsAnsweredByTheRulesOfTheTime(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun(COMMAND);
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session session =
          cleat.create(
              of(agent, home, PromptWay.ACP).approvals(List.of(ApprovalRule.everything())));
      Approval first = decided(session.start(Prompt.of("Write it.")));
      assertThat(ruleOf(first)).isEqualTo("everything");
      assertThat(made).hasContent("made");
      Files.delete(made);

      ApprovalRule others = new ApprovalRule(first.tool(), "never-made.txt");
      ApprovalRule its = new ApprovalRule(first.tool(), "made[.]txt");
      session.update(new SessionSettings().approvals(List.of(others, its), FOREVER));
      Approval second = decided(session.start(Prompt.of("Write it again.")));
      assertThat(ruleOf(second)).contains(first.tool(), "made[.]txt");
      assertThat(made).hasContent("made");
      Files.delete(made);

      session.update(new SessionSettings().approvals(List.of(others), FOREVER));
      RunningTurn third = session.start(Prompt.of("And again."));
      session.resolve(awaitQuestion(session).deny());
      assertThat(third.await().ended()).isTrue();
      assertThat(made).doesNotExist();
    }
  }

  private static String ruleOf(Approval approval) {
    Approval.Answer answer = approval.answer().orElseThrow();
    assertThat(answer.source()).isEqualTo(Approval.Source.RULE);
    assertThat(answer.decision()).isEqualTo(Approval.Decision.ALLOWED);
    return answer.by();
  }

  /** The one question of a turn, as its journal has it in the end. */
  private static Approval decided(RunningTurn turn) {
    List<TurnEvent> events = new ArrayList<>();
    turn.events().forEach(events::add);
    assertThat(turn.await().ended()).isTrue();
    return only(events, TurnEvent.ApprovalResolved.class).approval();
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
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
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void changedModelIsTheModelOfTheNextRequest(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("The first."), Reply.text("Second."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, way));
      succeeded(session.prompt(FIRST));
      assertThat(model.lastTurn().model()).doesNotContain(agent.otherModel());

      session.update(new SessionSettings().model(agent.acpModel()));
      succeeded(session.prompt("And now?"));
      ModelRequest next = model.awaitTurn(2);
      assertThat(next.model()).contains(agent.otherModel());
      assertThat(next.prompts()).anyMatch(prompt -> prompt.contains(FIRST));
    }
  }
}

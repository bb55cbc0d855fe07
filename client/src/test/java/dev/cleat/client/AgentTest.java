package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cleat.client.Approval.Decision;
import dev.cleat.client.Approval.OptionKind;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Agents: their answers, what they do during a turn, and their questions. */
class AgentTest {
  private static final dev.cleat.v1.Usage USED =
      dev.cleat.v1.Usage.newBuilder()
          .setInputTokens(100)
          .setCachedInputTokens(90)
          .setOutputTokens(7)
          .setCostUsd(0.25)
          .build();

  private final FakeAgent agent = new FakeAgent(dev.cleat.v1.PromptWay.PROMPT_WAY_ACP);
  private final LoopbackServer server = new LoopbackServer(agent);
  private final CleatClient client = client(server.target());
  private final Session session = client.session("s");

  private static CleatClient client(String target) {
    return CleatClient.builder()
        .target(target)
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
        .retryFor(Duration.ofMinutes(1))
        .deadline(Duration.ofMinutes(2))
        .build();
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void thePromptReturnsTheWholeAnswerOfItsTurnAlone() {
    agent.will(play -> play.says("of the first"));
    assertThat(session.prompt("x").answer()).isEqualTo("of the first");
    agent.will(play -> play.says("An").thinks("hm").saysElsewhere("no").says("swer\n"));
    Turn turn = session.prompt("x");

    assertThat(turn.succeeded()).isTrue();
    assertThat(turn.answer()).isEqualTo("Answer\n");
    assertThat(turn.output()).isEmpty();
    assertThat(turn.judgedBy()).isEqualTo(Turn.JudgedBy.STRUCTURED);
    assertThat(session.prompt(Prompt.of("x").maxOutput(0)).answer()).isEmpty();
  }

  @Test
  void turnsAreReadPageByPageUpToAsManyAsWereAskedFor() {
    agent.will(play -> play.says("x"));
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ids.add(session.prompt("x").id());
    }

    assertThat(session.turns(10)).extracting(Turn::id).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(session.turns(2)).extracting(Turn::id).doesNotHaveDuplicates().hasSize(2);
  }

  @Test
  void everyEventOfATurnHasItsType() {
    agent.will(play ->
        play.thinks("hm")
            .calls("c", "Bash", "echo hi")
            .returned("c", true, "no")
            .sends("{\"x\":1}")
            .errs("overloaded")
            .used(USED)
            .enters("plan", true)
            .says("done"));
    List<TurnEvent> seen = new ArrayList<>();
    RunningTurn running = session.start(Prompt.of("x"));
    try (TurnEvents events = running.events()) {
      events.forEach(seen::add);
      assertThat(events.end().orElseThrow().succeeded()).isTrue();
      assertThat(events.next()).isNull();
    }

    assertThat(seen)
        .containsExactly(
            new TurnEvent.AgentThought("hm"),
            new TurnEvent.ToolCall("c", "Bash", "echo hi", "{}", List.of("/f")),
            new TurnEvent.ToolResult("c", true, "no"),
            new TurnEvent.AgentMessage("acp", "{\"x\":1}"),
            new TurnEvent.AgentError("overloaded"),
            new TurnEvent.UsageReported(new Usage(100, 90, 7, 0.25, false)),
            new TurnEvent.AgentModeChanged(
                "plan", List.of(new AgentMode("plan", "PLAN", "")), true),
            new TurnEvent.AgentText("done"));
    try (TurnEvents again = running.events()) {
      assertThat(again).containsExactlyElementsOf(seen);
    }
  }

  @Test
  void modeChangesThatCameBeforeTheAgentHadThePromptAreNotTheTurns() {
    agent.will(play ->
        play.waitsAgain().enters("before", false).isHandedOver().enters("told", false).says("x"));
    List<String> seen = new ArrayList<>();
    try (TurnEvents events = session.start(Prompt.of("x")).events()) {
      for (TurnEvent event : events) {
        if (event instanceof TurnEvent.AgentModeChanged change) {
          seen.add(change.mode() + change.byAgent());
        }
      }
    }
    assertThat(seen).containsExactly("toldfalse");
  }

  @Test
  void everyEventComesOnceThroughCuts() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("seed of the cuts: " + seed);
    List<String> said =
        IntStream.range(0, 3_000).mapToObj(i -> i + ",").collect(Collectors.toList());
    agent.will(play -> said.forEach(play::says));
    Cuts cuts = new Cuts(new Range(2_000, 20_000), new Range(2_000, 20_000), 25);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, seed);
        CleatClient flaky = client(proxy.target())) {
      Session through = flaky.session("s");
      List<String> seen = new ArrayList<>();
      try (TurnEvents events = through.start(Prompt.of("x")).events()) {
        events.forEach(event -> seen.add(((TurnEvent.AgentText) event).text()));
      }
      assertThat(seen).isEqualTo(said);
      assertThat(through.prompt("x").answer()).isEqualTo(String.join("", said));
      assertThat(proxy.cuts()).isGreaterThan(3);
    }
  }

  @Test
  void aPartThatIsNoLongerKeptIsSaidAndNeverLeftOutSilently() {
    agent.will(play -> {
      play.says("lost, ");
      agent.trim();
      play.says("kept");
    });
    RunningTurn running = session.start(Prompt.of("x"));
    assertThatThrownBy(running::await)
        .isInstanceOfSatisfying(
            CleatException.class,
            e -> assertThat(e.code()).isEqualTo(CleatException.Code.DATA_LOSS));
    try (TurnEvents events = running.events()) {
      assertThat(events)
          .hasExactlyElementsOfTypes(TurnEvent.Missing.class, TurnEvent.AgentText.class);
    }
    assertThat(running.refresh().succeeded()).isTrue();
  }

  @Test
  void modeChangesBehindAGapThatHasTheTurnsBeginningAreTheTurns() {
    agent.will(play -> {
      agent.trim();
      play.enters("told", false);
    });
    RunningTurn running = session.start(Prompt.of("x").maxOutput(0));
    assertThat(running.await().ended()).isTrue();
    try (TurnEvents events = running.events()) {
      assertThat(events)
          .hasExactlyElementsOfTypes(TurnEvent.Missing.class, TurnEvent.AgentModeChanged.class);
    }
  }

  @Test
  void modeChangesBehindAGapOfATurnThatNeverBeganAreNotTheTurns() {
    agent.will(play -> {
      play.waitsAgain();
      agent.trim();
      play.enters("another", false)
          .ends(TurnState.TURN_STATE_CANCELLED, TurnEndReason.TURN_END_REASON_UNSPECIFIED, "");
    });
    RunningTurn running = session.start(Prompt.of("x").maxOutput(0));
    assertThat(running.await().state()).isEqualTo(Turn.State.CANCELLED);
    try (TurnEvents events = running.events()) {
      assertThat(events).hasExactlyElementsOfTypes(TurnEvent.Missing.class);
    }
  }

  @Test
  @Timeout(60)
  void aTurnWhoseEndIsNoLongerKeptIsOverForItsReaders() {
    agent.will(play -> play.says("x"));
    RunningTurn running = session.start(Prompt.of("x").requestId("r"));
    assertThat(running.await().succeeded()).isTrue();
    agent.trim();

    RunningTurn again = session.start(Prompt.of("x").requestId("r"));
    try (TurnEvents events = again.events()) {
      assertThat(events).hasExactlyElementsOfTypes(TurnEvent.Missing.class);
      assertThat(events.end()).hasValueSatisfying(turn -> assertThat(turn.succeeded()).isTrue());
    }
    assertThat(session.prompt(Prompt.of("x").requestId("r"), said -> {}).succeeded()).isTrue();
  }

  @Test
  void closingFreesAReaderThatWaits() throws Exception {
    agent.will(play -> play.asks("a", "?").awaitAnswer("a"));
    TurnEvents events = session.start(Prompt.of("x")).events();
    assertThat(events.next()).isInstanceOf(TurnEvent.ApprovalAsked.class);
    CompletableFuture<Boolean> woken = CompletableFuture.supplyAsync(() -> events.next() == null);
    events.close();
    assertThat(woken.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(events.end()).isEmpty();
  }

  @Test
  void aQuestionIsListedAndAnsweredOnce() {
    agent.will(play -> play.says(play.asks("a", "Run it?").awaitAnswer("a").getOptionId()));
    RunningTurn running = session.start(Prompt.of("x"));
    await().until(() -> session.approvals().size() == 1);

    Approval asked = session.approvals().get(0);
    assertThat(session.refresh().pendingApprovals()).containsExactly(asked);
    assertThat(asked.question()).isEqualTo("Run it?");
    assertThat(asked.tool()).isEqualTo("Bash");
    assertThat(asked.turnId()).isEqualTo(running.id());
    assertThat(asked.answer()).isEmpty();
    assertThat(asked.deadline()).isEqualTo(asked.created().plus(Duration.ofMinutes(5)));
    assertThat(asked.options().get(1))
        .isEqualTo(new Approval.Option("yes", "Yes", OptionKind.ALLOW_ONCE));

    Approval.Answer answer =
        session.resolve(asked.allow().option("yes").by("test")).answer().orElseThrow();
    assertThat(answer.decision()).isEqualTo(Decision.ALLOWED);
    assertThat(answer.source()).isEqualTo(Approval.Source.CALL);
    assertThat(answer.by()).isEqualTo("test");
    assertThat(running.await().answer()).isEqualTo("yes");
    assertThat(session.approvals()).isEmpty();
    assertThatThrownBy(() -> session.resolve(asked.deny()))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("APPROVAL_RESOLVED"));
    assertThatThrownBy(() -> session.resolve(ApprovalReply.deny("nothing")))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("APPROVAL_NOT_FOUND"));
  }

  @Test
  void aQuestionIsAnEventAndSoIsItsAnswer() {
    agent.will(play -> play.asks("a", "Run it?").awaitAnswer("a"));
    List<Decision> decisions = new ArrayList<>();
    try (TurnEvents events = session.start(Prompt.of("x")).events()) {
      for (TurnEvent event : events) {
        if (event instanceof TurnEvent.ApprovalAsked asked) {
          session.resolve(asked.approval().deny());
        } else if (event instanceof TurnEvent.ApprovalResolved resolved) {
          decisions.add(resolved.approval().answer().orElseThrow().decision());
        }
      }
    }
    assertThat(decisions).containsExactly(Decision.DENIED);
  }

  @Test
  void aFailedTurnSaysWhyAndWhatItUsed() {
    agent.will(play ->
        play.ends(
            TurnState.TURN_STATE_FAILED, TurnEndReason.TURN_END_REASON_AGENT_ERROR, "overloaded"));
    Turn turn = session.prompt("x");
    assertThat(turn.endReason()).isEqualTo(Turn.EndReason.AGENT_ERROR);
    assertThat(turn.statusMessage()).isEqualTo("overloaded");
    assertThat(turn.usage()).isEqualTo(new Usage(0, 0, 0, 0, false));

    agent.will(play -> play.fails("no key\n"));
    assertThat(session.prompt("x").errorTail()).isEqualTo("no key\n");
  }

  @Test
  void whatACallerKnowsOfItsUsageIsAddedOnce() {
    Turn turn = session.prompt("x");

    Turn added = session.addUsage(turn.id(), Usage.of(10, 20).cost(0.5), "a gateway");

    assertThat(added.usage()).isEqualTo(new Usage(10, 0, 20, 0.5, false));
    assertThat(agent.added()).hasSize(1);
    assertThat(agent.added().get(0).getBy()).isEqualTo("a gateway");
    assertThat(agent.added().get(0).getRequestId()).isNotEmpty();
  }

  @Test
  void picturesGoWithThePrompt() {
    session.prompt(Prompt.of("what is it?").image("image/png", new byte[] {1, 2}));
    SendPromptRequest request = agent.prompts().get(0);
    assertThat(request.getImagesList()).hasSize(1);
    assertThat(request.getImages(0).getMimeType()).isEqualTo("image/png");
    assertThat(request.getImages(0).getData().toByteArray()).containsExactly(1, 2);
  }

  @Test
  void aNewSessionSaysWhatAnAgentNeeds() {
    client.create(
        NewSession.of("claude")
            .way(PromptWay.HEADLESS)
            .resumeToken("r")
            .revive(RevivePolicy.ON_PROMPT)
            .model("m")
            .role("critic")
            .endpoint("http://127.0.0.1:1")
            .startPrompts(List.of("one", "two"))
            .approvals(
                List.of(ApprovalRule.tool("Read"), new ApprovalRule("Bash", "^git ")),
                Duration.ofSeconds(90)));
    CreateRequest request = agent.created().get(0);
    assertThat(request.getPromptWay()).isEqualTo(dev.cleat.v1.PromptWay.PROMPT_WAY_HEADLESS);
    assertThat(request.getResumeToken()).isEqualTo("r");
    assertThat(request.getRevive()).isEqualTo(dev.cleat.v1.RevivePolicy.REVIVE_POLICY_ON_PROMPT);
    assertThat(request.getModel()).isEqualTo("m");
    assertThat(request.getRole()).isEqualTo("critic");
    assertThat(request.getEndpoint()).isEqualTo("http://127.0.0.1:1");
    assertThat(request.getStartPromptsList()).containsExactly("one", "two");
    assertThat(request.getApprovals().getTimeout().getSeconds()).isEqualTo(90);
    assertThat(request.getApprovals().getAutoApproveList())
        .extracting(rule -> rule.getTool() + ":" + rule.getPattern())
        .containsExactly("Read:", "Bash:^git ");

    client.create(NewSession.of("claude").approvals(List.of(ApprovalRule.everything())));
    assertThat(agent.created().get(1).getApprovals().hasTimeout()).isFalse();
    assertThat(agent.created().get(1).getApprovals().getAutoApproveCount()).isEqualTo(1);
  }

  @Test
  void whatIsSaidAboutAnAgentIsThere() {
    agent.session(s ->
        s.setResumeToken("token")
            .setRole("critic")
            .setEndpoint("http://e")
            .setRevive(dev.cleat.v1.RevivePolicy.REVIVE_POLICY_AT_ONCE)
            .setUsage(USED));
    SessionInfo info = client.byResumeToken("token").info();
    assertThat(info.way()).isEqualTo(PromptWay.ACP);
    assertThat(info.way().structured()).isTrue();
    assertThat(info.resumeToken()).isEqualTo("token");
    assertThat(info.revive()).isEqualTo(RevivePolicy.AT_ONCE);
    assertThat(info.endpoint()).isEqualTo("http://e");
    assertThat(info.role()).isEqualTo("critic");
    assertThat(info.usage()).isEqualTo(new Usage(100, 90, 7, 0.25, false));
    assertThat(info.pendingApprovals()).isEmpty();
    assertThatThrownBy(() -> client.byResumeToken("another"))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("SESSION_NOT_FOUND"));
  }
}

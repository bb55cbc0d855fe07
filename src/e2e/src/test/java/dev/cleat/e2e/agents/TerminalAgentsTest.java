package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.Approval;
import dev.cleat.client.ApprovalRule;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionSettings;
import dev.cleat.client.Turn;
import dev.cleat.client.TurnEvent;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real agents, driven through their terminal interfaces. */
@RealAgents
@Order(RealAgents.LONG)
class TerminalAgentsTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private ModelApi model;

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

  private NewSession of(Agent agent, AgentHome home) {
    servers.home(home.home());
    return NewSession.of(agent.name().toLowerCase(Locale.ROOT))
        .workdir(home.work().toString())
        .env(home.environment())
        .way(PromptWay.TERMINAL)
        .revive(RevivePolicy.ON_PROMPT);
  }

  private static Turn succeeded(Turn turn) {
    assertThat(turn.state()).as("%s", turn.raw()).isEqualTo(Turn.State.SUCCEEDED);
    return turn;
  }

  /** One that is known: a start that takes long looks like a question, until there is more. */
  private static Approval awaitQuestion(Session session) {
    Await.until("a question is asked", () -> known(session).isPresent());
    return known(session).orElseThrow();
  }

  private static Optional<Approval> known(Session session) {
    return session.approvals().stream()
        .filter(question -> !question.options().isEmpty())
        .findFirst();
  }

  private void lastPromptIs(String prompt) {
    assertThat(model.lastTurn().prompts().getLast().strip()).isEqualTo(prompt);
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void promptsOfAllLengthsArriveWholeAndAreAnswered(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    String wrapped =
        "Is a prompt that is longer than a line of the screen wrapped, and still whole? "
            .repeat(3)
            .strip();
    String tall = lines(30, "line %d");
    String huge = lines(120, "This is line %d of a very long prompt.");
    model.otherwise(request -> Reply.text("Answer " + model.turns().size() + "."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      int count = 0;
      for (String prompt : List.of("What comes first?", wrapped, tall, huge, "And last?")) {
        Turn turn = succeeded(session.prompt(prompt));
        count++;
        if (prompt.lines().count() == 1) {
          assertThat(turn.raw().getOutputPreview()).contains("Answer " + count + ".");
        }
        assertThat(model.turns()).hasSize(count);
        lastPromptIs(prompt);
      }
    }
  }

  private static String lines(int count, String form) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(i -> form.formatted(i))
        .collect(Collectors.joining("\n"));
  }

  /** It shows its prompt at once, and waits for its own servers behind it. */
  @ParameterizedTest
  @ValueSource(strings = {"2", "6"})
  void promptsDuringASlowStartAreTakenOnce(String seconds) throws Exception {
    AgentHome home = Agent.CODEX.home(folder, model, AgentHome.Asks.NEVER);
    Files.writeString(
        home.home().resolve(".codex/config.toml"),
        """

        [mcp_servers.slow]
        command = "sh"
        args = ["-c", "sleep %s; exit 1"]
        startup_timeout_sec = 20
        """
            .formatted(seconds),
        StandardOpenOption.APPEND);
    model.otherwise(request -> Reply.text("Answer " + model.turns().size() + "."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(Agent.CODEX, home));
      String tall = lines(30, "line %d");
      RunningTurn first = session.start(Prompt.of(tall));
      RunningTurn second = session.start(Prompt.of("And then?"));

      assertThat(succeeded(first.await()).raw().getOutputPreview()).contains("Answer 1.");
      assertThat(succeeded(second.await()).raw().getOutputPreview()).contains("Answer 2.");
      assertThat(model.turns()).hasSize(2);
      assertThat(model.turns().getFirst().prompts().getLast().strip()).isEqualTo(tall);
      lastPromptIs("And then?");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void answerThatStopsInTheMiddleHasNotEnded(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    model.reply(Reply.text("The beginning.\n\n").thenHold(hold).thenText("The end."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      RunningTurn turn = session.start(Prompt.of("Tell me."));
      var _ = model.awaitTurn(1);
      Awaitility.await()
          .during(Duration.ofSeconds(8))
          .atMost(Duration.ofMinutes(1))
          .until(() -> !turn.refresh().ended());
      hold.countDown();
      assertThat(succeeded(turn.await()).raw().getOutputPreview()).contains("The end.");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void commandRunsOnlyWhenItIsAllowed(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      RunningTurn denied = session.start(Prompt.of("Write it."));
      Approval question = awaitQuestion(session);
      assertThat(question.question()).contains("printf made > made.txt");
      session.resolve(question.deny().by("tester"));
      assertThat(denied.await().ended()).isTrue();
      assertThat(made).doesNotExist();

      model.otherwise(request -> made.toFile().exists() ? Reply.text("Done.") : run);
      RunningTurn allowed = session.start(Prompt.of("Do write it."));
      session.resolve(awaitQuestion(session).allow());
      succeeded(allowed.await());
      assertThat(made).hasContent("made");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void questionIsDecidedByTimeAndThenByARule(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home).approvals(List.of(), Duration.ofSeconds(1)));
      // A start that takes long looks like a question, and its time would be over, too.
      Await.until("it is idle", () -> session.refresh().activity() == SessionInfo.Activity.IDLE);
      Approval.Answer late = decided(session.start(Prompt.of("Write it.")));
      assertThat(late.source()).isEqualTo(Approval.Source.DEADLINE);
      assertThat(late.decision()).isEqualTo(Approval.Decision.DENIED);
      assertThat(made).doesNotExist();

      model.otherwise(request -> made.toFile().exists() ? Reply.text("Done.") : run);
      session.update(
          new SessionSettings()
              .approvals(List.of(new ApprovalRule("", "made[.]txt")), Duration.ofMinutes(1)));
      Approval.Answer ruled = decided(session.start(Prompt.of("Do write it.")));
      assertThat(ruled.source()).isEqualTo(Approval.Source.RULE);
      assertThat(ruled.by()).contains("made[.]txt");
      assertThat(made).hasContent("made");
    }
  }

  /** How the one question of a turn was decided. */
  private static Approval.Answer decided(RunningTurn turn) {
    List<Approval> decided = new ArrayList<>();
    for (TurnEvent event : turn.events()) {
      if (event instanceof TurnEvent.ApprovalResolved resolved) {
        decided.add(resolved.approval());
      }
    }
    assertThat(turn.await().ended()).isTrue();
    assertThat(decided).hasSize(1);
    return decided.getFirst().answer().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void cancelEndsItsTurnAndTheNextOneWorks(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      for (Reply reply : List.of(Reply.text("Begun.").thenHold(hold), Reply.held(hold))) {
        int before = model.turns().size();
        model.reply(reply, Reply.text("Next."));
        RunningTurn turn = session.start(Prompt.of("What comes first?"));
        var _ = model.awaitTurn(before + 1);
        turn.cancel();
        assertThat(turn.await().state()).isEqualTo(Turn.State.CANCELLED);

        succeeded(session.prompt("And then?"));
        lastPromptIs("And then?");
      }
      hold.countDown();
    }
  }

  /** What the model does, and words of what the turn says then; each agent has its own. */
  private record Trouble(Reply reply, String words) {}

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void troubleOfTheModelFailsTheTurnAndTheSessionGoesOn(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      for (Trouble trouble :
          List.of(
              new Trouble(Reply.error(400, "not for you"), "not for you"),
              new Trouble(
                  Reply.error(529, "too busy for you", Map.of("retry-after-ms", "10")),
                  "too busy for you"),
              new Trouble(
                  Reply.error(429, "too much of it", Map.of("retry-after", "1")),
                  "(429) · too much of it|429 Too Many Requests"),
              new Trouble(Reply.text("Half of").thenCut(), "Connection|disconnected"))) {
        model.otherwise(request -> trouble.reply());
        Turn failed = session.prompt("What comes first?");
        assertThat(failed.state()).as("%s", failed.raw()).isEqualTo(Turn.State.FAILED);
        assertThat(failed.statusMessage()).containsAnyOf(trouble.words().split("[|]"));

        model.otherwise(request -> Reply.text("Here again."));
        succeeded(session.prompt("Are you there?"));
        lastPromptIs("Are you there?");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void silenceOfTheModelEndsAtTheTimeout(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home));
      model.reply(Reply.text("Here."));
      succeeded(session.prompt("Are you there?"));
      model.otherwise(request -> Reply.silent(Duration.ofMinutes(5)));
      Turn silent = session.prompt(Prompt.of("Well?").timeout(Duration.ofSeconds(3)));
      assertThat(silent.state()).isEqualTo(Turn.State.TIMED_OUT);
      assertThat(silent.statusMessage()).startsWith("it did not end within its timeout of 3 s");

      model.otherwise(request -> Reply.text("Here again."));
      succeeded(session.prompt("Are you there now?"));
      lastPromptIs("Are you there now?");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void modelIsTheOneThatWasAskedForWhenTheProcessStarted(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.otherwise(request -> Reply.text("Answer."));
    String first = agent == Agent.CLAUDE ? "sonnet" : AgentHome.OTHER_MODEL;
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home).customize(request -> request.setModel(first)));
      succeeded(session.prompt("What comes first?"));
      assertThat(model.lastTurn().model()).contains(first);

      session.update(new SessionSettings().model(agent.acpModel()));
      succeeded(session.prompt("And now?"));
      assertThat(model.lastTurn().model()).contains(first);

      session.restart();
      RunningTurn last = session.start(Prompt.of("And at last?"));
      if (agent == Agent.CODEX) {
        // It has a word for a model of its maker's first.
        Approval question = awaitQuestion(session);
        assertThat(question.question()).startsWith("Meet ");
        session.resolve(question.deny().by("tester"));
      }
      succeeded(last.await());
      assertThat(model.lastTurn().model()).contains(agent.otherModel());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX"})
  void conversationGoesOnOverKilledServers(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("The first."), Reply.text("Second."), Reply.text("Third."));
    String id;
    String token;
    ServerProcess server = server();
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home));
      id = session.id();
      succeeded(session.prompt("What comes first?"));
      Await.until("its own session is known", () -> !session.refresh().resumeToken().isEmpty());
      token = session.info().resumeToken();
    }
    server.kill();
    server = server();
    try (CleatClient cleat = server.client()) {
      succeeded(cleat.session(id).prompt("And then?"));
    }
    assertThat(model.lastTurn().replies()).contains("The first.");
    lastPromptIs("And then?");
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      succeeded(session.prompt("And at last?"));
      assertThat(session.refresh().resumeToken()).isEqualTo(token);
    }
    assertThat(model.lastTurn().replies()).contains("The first.", "Second.");
    lastPromptIs("And at last?");
  }

  @Test
  void questionAtTheStartWaitsAndNoPromptAnswersIt() throws Exception {
    AgentHome home = Agent.CLAUDE.home(folder, model, AgentHome.Asks.NEVER);
    Path settings = home.home().resolve(".claude.json");
    Files.writeString(
        settings, Files.readString(settings).replace("hasTrustDialogAccepted", "unknown"));
    model.reply(Reply.text("Answer."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(Agent.CLAUDE, home));
      RunningTurn turn = session.start(Prompt.of("What comes first?"));
      Approval question = awaitQuestion(session);
      assertThat(question.question()).contains(home.work().toString());
      assertThat(question.options())
          .extracting(Approval.Option::name)
          .containsExactly("Yes, I trust this folder", "No, exit");
      assertThat(model.turns()).isEmpty();
      session.resolve(question.allow().by("tester"));
      succeeded(turn.await());
      lastPromptIs("What comes first?");
    }
  }
}

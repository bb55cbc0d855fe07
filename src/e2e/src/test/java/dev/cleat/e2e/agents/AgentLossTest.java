package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.awaitQuestion;
import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.Approval;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that is killed in the middle of what agents do: nothing is made better than it was. */
@RealAgents
@Order(RealAgents.LONG)
class AgentLossTest {
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
  void turnThatWasUnderWayIsUncertain(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    model.reply(Reply.text("The first."), Reply.text("Half").thenHold(hold));
    Prompt prompt = Prompt.of("And then?").requestId("the same");
    String id;
    String lost;
    ServerProcess server = server();
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, way));
      id = session.id();
      succeeded(session.prompt("What comes first?"));
      lost = session.start(prompt).id();
      var _ = model.awaitTurn(2);
    }
    server.kill();
    hold.countDown();
    model.otherwise(request -> Reply.text("Third."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      Turn turn = session.turns(1).getFirst();
      assertThat(turn.id()).isEqualTo(lost);
      assertThat(turn.state()).isEqualTo(Turn.State.UNCERTAIN);
      assertThat(turn.endReason()).isEqualTo(Turn.EndReason.SESSION_LOST);
      assertThat(turn.statusMessage()).isNotEmpty();
      assertThat(session.start(prompt).id()).as("it is not sent again").isEqualTo(lost);
      assertThat(model.turns()).hasSize(2);

      assertThat(succeeded(session.prompt("And at last?")).answer()).endsWith("Third.");
    }
    assertThat(model.lastTurn().prompts())
        .anyMatch(asked -> asked.contains("What comes first?"))
        .anyMatch(asked -> asked.contains("And at last?"));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "GEMINI")
  void questionThatWaitedIsDeniedWithItsTurn(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    Reply run = agent.asksToRun("printf made > made.txt && echo written");
    model.otherwise(request -> request.continuesATurn() ? Reply.text("Done.") : run);
    ServerProcess server = server();
    Approval question;
    String id;
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, PromptWay.ACP));
      id = session.id();
      var _ = session.start(Prompt.of("Write it."));
      question = awaitQuestion(session);
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      assertThat(session.approvals()).isEmpty();
      CleatException late =
          catchThrowableOfType(CleatException.class, () -> session.resolve(question.allow()));
      assertThat(late.reason()).isEqualTo("APPROVAL_RESOLVED");
      assertThat(late.metadata())
          .containsEntry("decision", "denied")
          .containsEntry("source", "turn_ended");
      assertThat(session.turns(1).getFirst().state()).isEqualTo(Turn.State.UNCERTAIN);
      assertThat(made).doesNotExist();

      RunningTurn again = session.start(Prompt.of("Do write it."));
      session.resolve(awaitQuestion(session).allow());
      succeeded(again.await());
      assertThat(made).hasContent("made");
    }
  }

  @ParameterizedTest
  @MethodSource(AgentSessions.THAT_GO_ON)
  void sessionIsRevivedAtOnce(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("The first."), Reply.text("Second."));
    ServerProcess server = server();
    String id;
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, way).revive(RevivePolicy.AT_ONCE));
      id = session.id();
      succeeded(session.prompt("What comes first?"));
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      Await.until(
          "it runs again, unasked",
          () ->
              session.refresh().state() == SessionInfo.State.RUNNING
                  && session.info().activity() == SessionInfo.Activity.IDLE);
      assertThat(session.info().run()).isEqualTo(2);
      assertThat(succeeded(session.prompt("And then?")).answer()).endsWith("Second.");
    }
    assertThat(model.lastTurn().prompts()).anyMatch(prompt -> prompt.contains("What comes first?"));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "GEMINI")
  void sessionThatIsNotToBeRevivedWaitsForARestart(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("The first."), Reply.text("Second."));
    ServerProcess server = server();
    String id;
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(agent, home, PromptWay.ACP).revive(RevivePolicy.NEVER));
      id = session.id();
      succeeded(session.prompt("What comes first?"));
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      CleatException refusal =
          catchThrowableOfType(CleatException.class, () -> session.prompt("And then?"));
      assertThat(refusal.reason()).isEqualTo("WRONG_STATE");
      assertThat(session.refresh().state()).isEqualTo(SessionInfo.State.LOST);
      assertThat(model.turns()).hasSize(1);

      session.restart();
      assertThat(succeeded(session.prompt("And then?")).answer()).endsWith("Second.");
    }
    assertThat(model.lastTurn().prompts()).anyMatch(prompt -> prompt.contains("What comes first?"));
  }

  @Test
  void agentThatCannotGoOnSaysSo() throws Exception {
    AgentHome home = Agent.GEMINI.home(folder, model, AgentHome.Asks.NEVER);
    model.otherwise(request -> Reply.text("Said."));
    ServerProcess server = server();
    String id;
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(Agent.GEMINI, home, PromptWay.ACP));
      id = session.id();
      succeeded(session.prompt("What comes first?"));
    }
    server.kill();
    try (CleatClient cleat = server().client()) {
      Session session = cleat.session(id);
      Turn turn = session.prompt("And then?");
      assertThat(turn.state()).isEqualTo(Turn.State.FAILED);
      assertThat(turn.endReason()).isEqualTo(Turn.EndReason.SESSION_ENDED);
      assertThat(session.refresh().statusMessage()).contains("cannot go on with its session");
    }
    assertThat(model.turns()).hasSize(1);
  }
}

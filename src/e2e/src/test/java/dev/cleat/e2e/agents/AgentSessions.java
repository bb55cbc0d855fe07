package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.Approval;
import dev.cleat.client.NewSession;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.Servers;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** What tests of agents' sessions share. */
final class AgentSessions {
  /** Each agent in each way, for a method source. */
  static final String AGENTS_AND_WAYS = "dev.cleat.e2e.agents.AgentSessions#agentsAndWays";

  /** The same, but for what does not go on with its conversation in another process. */
  static final String THAT_GO_ON = "dev.cleat.e2e.agents.AgentSessions#thatGoOn";

  private AgentSessions() {}

  static Stream<Arguments> agentsAndWays() {
    return Stream.of(Agent.values())
        .flatMap(agent ->
            Stream.of(PromptWay.ACP, PromptWay.HEADLESS).map(way -> Arguments.of(agent, way)));
  }

  /** By ACP, Gemini CLI overwrites the conversation that it is to load. */
  static Stream<Arguments> thatGoOn() {
    return agentsAndWays()
        .filter(
            arguments -> arguments.get()[0] != Agent.GEMINI || arguments.get()[1] != PromptWay.ACP);
  }

  /** A session of an agent at home; it is gone when the test has ended. */
  static NewSession of(Servers servers, Agent agent, AgentHome home, PromptWay way) {
    servers.home(home.home());
    return NewSession.of(agent.name().toLowerCase(Locale.ROOT))
        .workdir(home.work().toString())
        .env(home.environment())
        .way(way)
        .revive(RevivePolicy.ON_PROMPT);
  }

  static Turn succeeded(Turn turn) {
    assertThat(turn.state()).as("%s", turn.raw()).isEqualTo(Turn.State.SUCCEEDED);
    return turn;
  }

  static Approval awaitQuestion(Session session) {
    Await.until("a question is asked", () -> !session.approvals().isEmpty());
    return session.approvals().getFirst();
  }
}

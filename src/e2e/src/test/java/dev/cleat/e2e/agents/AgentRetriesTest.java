package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.Session;
import dev.cleat.e2e.Scale;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A prompt that is sent again and again, over cuts and a kill, reaches the model once. */
@RealAgents
class AgentRetriesTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private ServerProcess server() throws Exception {
    return servers.start(folder.resolve("data"));
  }

  private NewSession of(Agent agent, AgentHome home, PromptWay way) {
    return AgentSessions.of(servers, agent, home, way);
  }

  private static final int SENDS = 100;
  private static final int CUTS = 20;

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void retriedPromptReachesTheModelOnce(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.otherwise(request -> Reply.text("Once."));
    Prompt prompt = Prompt.of("What comes first?").requestId("the same");
    ServerProcess server = server();
    Cuts cuts = new Cuts(new Range(1, 2_000), new Range(1, 1_500), CUTS);
    long seed = Scale.seed("cuts while a prompt is sent again");
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, seed);
        CleatClient cleat = ServerProcess.client(proxy.target())) {
      Session session = cleat.create(of(agent, home, way));
      Set<String> turns = new HashSet<>();
      for (int i = 0; i < SENDS; i++) {
        if (i == SENDS / 2) {
          succeeded(session.start(prompt).await());
          server.kill();
          proxy.retarget(server().port());
        }
        turns.add(session.start(prompt).id());
      }
      assertThat(turns).hasSize(1);
      assertThat(proxy.cuts()).isGreaterThan(CUTS / 2);
      assertThat(session.turns(10)).hasSize(1);
    }
    assertThat(model.turns()).hasSize(1);
  }
}

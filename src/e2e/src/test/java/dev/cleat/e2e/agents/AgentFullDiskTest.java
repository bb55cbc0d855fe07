package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.awaitQuestion;
import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.Approval;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import dev.cleat.e2e.SmallDisk;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk that fills under an agent: what it says waits for room, and so does what is answered. */
@RealAgents
class AgentFullDiskTest {

  // After the servers, which must be gone by then.
  @RegisterExtension
  @Order(1)
  final SmallDisk disk = new SmallDisk();

  @RegisterExtension
  @Order(2)
  final Servers servers = new Servers();

  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  /** Longer than the page that the journal's file may still have. */
  private static final String LONG = "x".repeat(20_000);

  @ParameterizedTest
  @EnumSource(names = {"CLAUDE", "CODEX", "OPENCODE"})
  void nothingIsLostAndItGoesOnWhenThereIsRoom(Agent agent) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.ALWAYS);
    Path made = home.work().resolve("made.txt");
    CountDownLatch hold = new CountDownLatch(1);
    Reply run = agent.asksToRun("printf made > made.txt && echo written # " + LONG);
    model.reply(
        Reply.held(hold).thenText("Before: " + LONG).then(run), Reply.text("After: " + LONG));
    ServerProcess server = servers.start(disk.mount(folder.resolve("disk")).resolve("data"));
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(AgentSessions.of(servers, agent, home, PromptWay.ACP));
      RunningTurn turn = session.start(Prompt.of("Write it."));
      var _ = model.awaitTurn(1);
      disk.fill();
      hold.countDown();
      Await.until(
          "it is held back",
          () ->
              server.errors().stream()
                  .anyMatch(line -> line.contains(session.id()) && line.contains("held back")));
      assertThat(session.approvals()).isEmpty();
      disk.free();

      Approval question = awaitQuestion(session);
      disk.fill();
      CleatException full =
          catchThrowableOfType(CleatException.class, () -> session.resolve(question.allow()));
      assertThat(full.reason()).isEqualTo("STORAGE_FULL");
      assertThat(session.approvals()).hasSize(1);
      assertThat(made).doesNotExist();
      disk.free();

      session.resolve(question.allow());
      Turn done = succeeded(turn.await());
      assertThat(done.answer()).contains("Before: " + LONG).endsWith("After: " + LONG);
      assertThat(made).hasContent("made");
      assertThat(session.prompt("What now?").ended()).isTrue();
    }
    assertThat(server.stop()).isZero();
  }
}

package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that says nothing, and does nothing when it is interrupted. */
class DeafAgentTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path folder;
  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "trap '' INT; : > " + folder + "/begun; exec sleep 1000");
    sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            Store.open(folder.resolve("state.db"), InstantSource.system()),
            Policy.none(),
            "tools: {agent: {headless: {command: [%s, \"{prompt}\"], output: claude}}}"
                .formatted(program),
            new PtyTerminals());
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws Exception {
    sessions.close();
  }

  @Test
  void isKilledAWhileAfterItWasInterrupted() {
    final Session session =
        OneToolSessions.start(tenant, CreateRequest.newBuilder().setTool("agent"));
    final Turn sent =
        tenant.prompts().send(session, SendPromptRequest.newBuilder().setPrompt("x").build());
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("begun")));

    session.process().interrupt();

    final Turn ended =
        await()
            .atMost(PATIENCE)
            .until(() -> tenant.prompts().find(session, sent.getId()), Prompts::ended);
    assertThat(ended.getState()).isNotEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(ended.getExit().getSignal()).isEqualTo("SIGKILL");
  }
}

package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.rpc.FakeAcpAgent;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.Approval;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be written down keeps no session from going on, or from ending. */
class UnwritableTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  /** Whether the end of a process fails, once. */
  private final AtomicBoolean endFails = new AtomicBoolean();

  private Sessions sessions;
  private TenantSessions tenant;
  private Session session;

  @BeforeEach
  void open() throws Exception {
    final Path catalogue =
        Files.writeString(folder.resolve("tools.yaml"), FakeAcpAgent.catalogue());
    sessions =
        Sessions.open(
            JournalRoot.open(
                Files.createDirectory(folder.resolve("journals")), JournalRootOptions.defaults()),
            Store.open(folder.resolve("state.db"), this::now),
            Catalogue.open(catalogue, ShellInit.install(folder.resolve("shells"))),
            new Ledgers(Policy.none(), 10),
            new PtyTerminals(),
            new PipeTerminals(),
            Policy.none(),
            Isolator.none(folder),
            new SessionSettings(
                JournalOptions.defaults(),
                folder,
                folder.resolve("workspaces"),
                folder.resolve("pictures"),
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofSeconds(1),
                10,
                10,
                1 << 20,
                1,
                List.of(),
                false),
            this::now,
            Tracing.off());
    tenant = sessions.of("default");
    session =
        tenant
            .create(
                CreateRequest.newBuilder()
                    .setTool("fake")
                    .setSize(TerminalSize.newBuilder().setRows(24).setColumns(80))
                    .build(),
                "somebody",
                _ -> {})
            .session();
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private Instant now() {
    if (endFails.get()
        && StackWalker.getInstance()
            .walk(frames ->
                frames.anyMatch(frame ->
                    frame.getClassName().equals(SessionProcess.class.getName())
                        && frame.getMethodName().equals("exited")))
        && endFails.getAndSet(false)) {
      throw new IllegalStateException("as the test wants it");
    }
    return Instant.now();
  }

  /** A turn that its agent has begun with. */
  private Turn turn() {
    final Turn sent =
        tenant
            .prompts()
            .send(session, SendPromptRequest.newBuilder().setPrompt("wait for it").build());
    await().atMost(PATIENCE).until(() -> find(sent).getState() == TurnState.TURN_STATE_RUNNING);
    return sent;
  }

  private Turn find(Turn turn) {
    return tenant.prompts().find(session, turn.getId());
  }

  private void hear(AgentSaid said) {
    final SessionProcess process = session.process();
    process.agentSpeaks(() -> {
      if (process.turns() instanceof AgentTurns turns) {
        turns.hear(said);
      }
    });
  }

  private void stop() {
    Session.awaitEnd(session.stop(Duration.ZERO, ""), PATIENCE);
    assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
    assertThat(session.view().getCurrentTurnId()).isEmpty();
    assertThat(tenant.delete(List.of(session), false, _ -> {})).containsExactly(session.id());
  }

  @Test
  void whatIsTooLongIsLeftOutAndTheSessionGoesOn() {
    final Turn turn = turn();
    hear(
        new AgentSaid.Asked(
            Approval.newBuilder().setId("1").setQuestion("?".repeat(Journal.MAX_EVENT_BYTES))));
    assertThat(session.view().getPendingApprovalsCount()).isZero();

    hear(new AgentSaid.Ended(Outcome.SUCCEEDED, null, "?".repeat(Journal.MAX_EVENT_BYTES)));
    assertThat(find(turn).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);

    stop();
  }

  @Test
  void turnWhoseEndCannotBeWrittenFails() {
    final Turn turn = turn();
    hear(
        new AgentSaid.Ended(
            new Outcome(TurnEndReason.TURN_END_REASON_REFUSED, "no"),
            null,
            "?".repeat(Journal.MAX_EVENT_BYTES)));
    assertThat(find(turn).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(find(turn).getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_AGENT_ERROR);

    stop();
  }

  @Test
  void sessionEndsAlthoughItsEndFails() {
    final Turn turn = turn();
    endFails.set(true);
    Session.awaitEnd(session.stop(Duration.ZERO, ""), PATIENCE);
    assertThat(endFails).isFalse();
    assertThat(find(turn).getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
    stop();
  }
}

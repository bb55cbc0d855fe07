package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that cannot be started for a reason that nobody has foreseen. */
class StartDefectsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** It says what it is told to go on with, and gives its session a name that cannot be. */
  private static final String AGENT =
      """
      echo '{"type":"system","subtype":"init","session_id":"a\\u0000b"}'
      echo '{"type":"result","subtype":"success","result":"with '"$1"'"}'
      """;

  @TempDir Path folder;

  /** What happens when a terminal is about to be started. */
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, AGENT);
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            Store.open(folder.resolve("state.db"), InstantSource.system()),
            Policy.none(),
            """
            tools:
              agent:
                headless:
                  command: [%1$s, nothing, "{prompt}"]
                  resume: [%1$s, "{session}", "{prompt}"]
                  output: claude
              once: {command: ["true"], turns: none}
            """
                .formatted(program),
            (spec, listener) -> {
              meanwhile.getAndSet(() -> {}).run();
              return terminals.start(spec, listener);
            });
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws Exception {
    sessions.close();
  }

  private Turn run(Session session) {
    final Turn sent =
        tenant.prompts().send(session, SendPromptRequest.newBuilder().setPrompt("x").build());
    return await()
        .atMost(PATIENCE)
        .until(() -> tenant.prompts().find(session, sent.getId()), Prompts::ended);
  }

  @Test
  void aNameThatCouldBeNoArgumentIsNotGoneOnWith() {
    final Session session =
        OneToolSessions.start(tenant, CreateRequest.newBuilder().setTool("agent"));

    assertThat(run(session).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(run(session).getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(session.view().getResumeToken()).isEmpty();
  }

  /** As one that an earlier server has taken from its tool. */
  @Test
  void aTurnWhoseCommandCannotBeStartedHasFailed() {
    final Session session =
        OneToolSessions.start(
            tenant, CreateRequest.newBuilder().setTool("agent").setResumeToken("a\u0000b"));

    final Turn turn = run(session);
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(turn.getStatusMessage()).contains("cannot be started");
    assertThat(run(session).getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
  }

  @Test
  void aSessionThatCannotBeStartedHasFailed() {
    final Session session =
        OneToolSessions.start(tenant, CreateRequest.newBuilder().setTool("once"));
    await().atMost(PATIENCE).until(session::isOver);
    meanwhile.set(() -> {
      throw new IllegalArgumentException("on purpose");
    });

    assertThatThrownBy(session.process()::start).isInstanceOf(IllegalArgumentException.class);

    assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_FAILED);
    assertThat(session.view().getStatusMessage()).contains("cannot be started");
    assertThat(session.isOver()).isTrue();
    session.process().start();
    await().atMost(PATIENCE).until(session::isOver);
  }
}

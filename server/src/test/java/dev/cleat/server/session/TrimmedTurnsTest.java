package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.server.journal.Retention;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Turns that are trimmed at a bad moment. */
class TrimmedTurnsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String CATALOGUE =
      """
      tools:
        echo:
          headless: {command: [sh, -c, "echo hello", "{prompt}"], output: plain}
      """;

  @TempDir Path folder;
  private final AtomicReference<Duration> later = new AtomicReference<>(Duration.ZERO);

  /** What happens when this thread looks at the clock. */
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

  private final Thread caller = Thread.currentThread();
  private Store store;
  private Sessions sessions;
  private TenantSessions tenant;

  private Instant now() {
    if (caller.equals(Thread.currentThread())) {
      meanwhile.getAndSet(() -> {}).run();
    }
    return Instant.now().plus(later.get());
  }

  @BeforeEach
  void open() throws Exception {
    final InstantSource clock = this::now;
    final Path catalogue = Files.writeString(folder.resolve("tools.yaml"), CATALOGUE);
    final JournalOptions journal =
        new JournalOptions(1 << 20, 0, Retention.UNLIMITED, SyncPolicy.OS);
    store = Store.open(folder.resolve("state.db"), clock);
    sessions =
        Sessions.open(
            JournalRoot.open(
                Files.createDirectory(folder.resolve("journals")), JournalRootOptions.defaults()),
            store,
            Catalogue.open(catalogue, ShellInit.install(folder.resolve("shells"))),
            new Ledgers(Policy.none(), 10),
            new PtyTerminals(),
            new PipeTerminals(),
            Policy.none(),
            Isolator.none(folder),
            new SessionSettings(
                journal,
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
            clock,
            Tracing.off());
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private Turn turn(Session session, String requestId) {
    final Turn sent =
        tenant
            .prompts()
            .send(
                session,
                SendPromptRequest.newBuilder().setPrompt("x").setRequestId(requestId).build());
    return await()
        .atMost(PATIENCE)
        .until(() -> tenant.prompts().find(session, sent.getId()), Prompts::ended);
  }

  @Test
  void additionToATurnThatIsTrimmedMeanwhileDoesNotBringItBack() {
    final Session session =
        tenant
            .create(
                CreateRequest.newBuilder()
                    .setTool("echo")
                    .setSize(TerminalSize.newBuilder().setRows(24).setColumns(80))
                    .build(),
                "somebody",
                _ -> {})
            .session();
    final Turn old = turn(session, "old");
    final Turn newer = turn(session, "newer");
    assertThat(tenant.turns(session, Long.MAX_VALUE, 10, Long.MAX_VALUE).items())
        .containsExactly(newer, old);

    later.set(Prompts.REMEMBERED.plusHours(1));
    meanwhile.set(() -> {
      // The first lets go of what a retry might have asked for.
      sessions.sweep();
      sessions.sweep();
    });
    final Usage usage = Usage.newBuilder().setInputTokens(5).build();
    final AddUsageRequest request =
        AddUsageRequest.newBuilder()
            .setTurnId(old.getId())
            .setUsage(usage)
            .setRequestId("once")
            .build();
    final Usage before = session.view().getUsage();
    final Turn added = tenant.prompts().addUsage(session, request, new Signature("somebody", ""));

    assertThat(added.getAddedUsageList()).hasSize(1);
    assertThat(session.view().getUsage()).isEqualTo(Usages.sum(before, usage));
    assertThat(tenant.turns(session, Long.MAX_VALUE, 10, Long.MAX_VALUE).items())
        .containsExactly(newer);
    assertThatThrownBy(
            () -> tenant.prompts().addUsage(session, request, new Signature("somebody", "")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("has no turn");
    assertThat(session.view().getUsage()).isEqualTo(Usages.sum(before, usage));
  }
}

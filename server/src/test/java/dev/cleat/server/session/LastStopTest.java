package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.v1.SessionState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that ends while a call waits to start a session again. */
class LastStopTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path folder;
  private final AtomicInteger starts = new AtomicInteger();

  @Test
  void nothingIsStartedBehindIt() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "trap '' HUP TERM; : > " + folder + "/begun; exec sleep 1000");
    final TerminalFactory terminals = new PtyTerminals();
    final Sessions sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            program,
            (spec, listener) -> {
              starts.incrementAndGet();
              return terminals.start(spec, listener);
            });
    final TenantSessions tenant = sessions.of("default");
    final Session session = OneToolSessions.start(tenant);
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("begun")));
    final CompletableFuture<Void> restart =
        CompletableFuture.runAsync(
            () -> tenant.restart(session, PATIENCE), task -> Thread.ofVirtual().start(task));
    await()
        .atMost(PATIENCE)
        .until(() -> session.view().getState() == SessionState.SESSION_STATE_STOPPING);

    sessions.close();

    assertThatThrownBy(() -> restart.get(1, TimeUnit.MINUTES))
        .isInstanceOf(ExecutionException.class);
    assertThat(starts).hasValue(1);
    assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
  }
}

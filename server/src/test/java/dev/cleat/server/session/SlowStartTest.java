package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start that waits for long, as for a file system that does not answer. */
class SlowStartTest {
  @TempDir Path folder;
  private final CountDownLatch waits = new CountDownLatch(1);
  private final CountDownLatch answers = new CountDownLatch(1);

  /** What happens when a process is about to be started. */
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

  private Sessions sessions;
  private TenantSessions tenant;
  private Session session;
  private CompletableFuture<Void> restarted;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "");
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            program,
            (spec, listener) -> {
              meanwhile.getAndSet(() -> {}).run();
              return terminals.start(spec, listener);
            });
    tenant = sessions.of("default");
    session = OneToolSessions.start(tenant);
    await().until(session::isOver);
    meanwhile.set(() -> {
      waits.countDown();
      try {
        answers.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    restarted = inBackground(() -> tenant.restart(session, Duration.ZERO));
    assertThat(waits.await(1, TimeUnit.MINUTES)).isTrue();
  }

  @AfterEach
  void close() throws Exception {
    answers.countDown();
    await().until(restarted::isDone);
    sessions.close();
  }

  private static CompletableFuture<Void> inBackground(Runnable step) {
    return CompletableFuture.runAsync(step, task -> Thread.ofPlatform().daemon().start(task));
  }

  private List<dev.cleat.v1.Session> list() {
    return tenant.list(SessionFilter.getDefaultInstance(), null, 10, 1 << 20, false).items();
  }

  private void assertEnds(Runnable step) throws Exception {
    inBackground(step).get(1, TimeUnit.MINUTES);
  }

  @Test
  void whatIsForAllSessionsDoesNotWaitForIt() throws Exception {
    assertEnds(() -> assertThat(list()).hasSize(1));
    assertEnds(sessions::sweep);
    assertEnds(() -> assertThat(sessions.withTurns()).isZero());

    answers.countDown();
    restarted.get(1, TimeUnit.MINUTES);
    await().until(session::isOver);
    assertThat(list())
        .singleElement()
        .satisfies(listed -> {
          assertThat(listed.getRun()).isEqualTo(2);
          assertThat(listed.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
        });
  }

  @Test
  void aServerThatIsShutDownSavesTheOthers() throws Exception {
    assertEnds(() -> {
      try {
        sessions.close();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }
}

package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.policy.Quota;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.Stream;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start that fails, and whose failure cannot be written down, on a server with one place. */
class FullDiskStartTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();

  /** What happens when a process is about to be started. */
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

  private final List<TerminalListener> listeners = new ArrayList<>();
  private Path program;
  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    program = folder.resolve("program");
    OneToolSessions.install(program, "");
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        OneToolSessions.open(
            folder,
            disk,
            program,
            (spec, listener) -> {
              listeners.add(listener);
              meanwhile.getAndSet(() -> {}).run();
              return terminals.start(spec, listener);
            });
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private Session ended() {
    final Session session = OneToolSessions.start(tenant);
    await().atMost(PATIENCE).until(session::isOver);
    return session;
  }

  /** The disk fills, and the program goes, just when it is about to be started. */
  private void refuseForWantOfRoom(Runnable start) throws IOException {
    // Not written anew: a process that another test starts just then would hold it open, and what
    // is open for writing cannot be run.
    final Path away = folder.resolve("away");
    meanwhile.set(() -> {
      try {
        disk.fill();
        Files.move(program, away);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    assertThat(catchThrowableOfType(Refusal.class, start::run).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_STORAGE_FULL);
    disk.free();
    Files.move(away, program);
  }

  private void assertItsPlaceIsFree() {
    assertThat(tenant.quotas())
        .filteredOn(line -> line.quota() == Quota.SESSIONS_ALIVE)
        .singleElement()
        .satisfies(line -> assertThat(line.used()).hasValue(0));
    final Session _ = ended();
  }

  @Test
  void aRestartThatFailsGivesItsPlaceBack() throws Exception {
    final Session session = ended();
    refuseForWantOfRoom(() -> tenant.restart(session, Duration.ZERO));
    assertItsPlaceIsFree();
  }

  @Test
  void aStartThatFailsIsOverAndStopSaysThatItFailed() throws Exception {
    final Session session = ended();
    refuseForWantOfRoom(session.process()::start);
    assertThat(session.isOver()).isTrue();

    assertThat(session.stop(Duration.ZERO, "")).isCompleted();

    assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_FAILED);
    assertThat(tenant.delete(List.of(session), false, _ -> {})).containsExactly(session.id());
    assertItsPlaceIsFree();
  }

  /** It reads what the process printed before it was killed. */
  @Test
  void whatAProcessPrintsThatCouldNotBeWrittenDownIsNotTheSessions() throws Exception {
    final Session session = ended();
    meanwhile.set(disk::fill);
    final Throwable refusal = catchThrowable(() -> tenant.restart(session, Duration.ZERO));
    assertThat(refusal).isInstanceOf(Refusal.class);
    final long before = session.view().getOutputBytes();

    final CompletableFuture<Void> reader =
        CompletableFuture.runAsync(
            () -> listeners.getLast().output(Stream.TERMINAL, ByteBuffer.allocate(1)),
            task -> Thread.ofVirtual().start(task));

    reader.get(1, TimeUnit.MINUTES);
    disk.free();
    assertItsPlaceIsFree();
    assertThat(session.view().getOutputBytes()).isEqualTo(before);
  }

  @Test
  void aNewOneThatCannotBeRemovedAgainIsThereAndCounts() throws Exception {
    final CreateRequest request = OneToolSessions.request().setSessionId("stays").build();
    disk.fill();
    try (Connection other =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("state.db"));
        Statement statement = other.createStatement()) {
      statement.execute(
          "CREATE TRIGGER stays BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'stays'); END");
      assertThat(
              catchThrowableOfType(Refusal.class, () -> tenant.create(request, "somebody", _ -> {}))
                  .reason())
          .isEqualTo(ErrorReason.ERROR_REASON_STORAGE_FULL);
      statement.execute("DROP TRIGGER stays");
    }
    disk.free();

    assertThat(kept()).isEqualTo(1);
    final Session session = tenant.get("stays");
    assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_LOST);
    assertThat(tenant.delete(List.of(session), false, _ -> {})).containsExactly("stays");
    assertThat(kept()).isZero();
  }

  private long kept() {
    return tenant.quotas().stream()
        .filter(line -> line.quota() == Quota.SESSIONS_KEPT)
        .mapToLong(line -> line.used().orElseThrow())
        .sum();
  }

  @Test
  void aSessionThatIsDeletedAfterARevivalThatFailedGivesItsPlaceBack() throws Exception {
    final Session session = ended();
    refuseForWantOfRoom(session.process()::start);
    assertThat(tenant.delete(List.of(session), true, _ -> {})).containsExactly(session.id());
    assertItsPlaceIsFree();
  }
}

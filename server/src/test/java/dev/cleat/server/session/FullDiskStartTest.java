package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.policy.Quota;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
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

  private Path program;
  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    program = folder.resolve("program");
    Files.writeString(program, "#!/bin/sh\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            "tools: {once: {command: [%s], turns: none}}".formatted(program));
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        Sessions.open(
            disk.rootOn(folder.resolve("journals")),
            Store.open(folder.resolve("state.db"), InstantSource.system()),
            Catalogue.open(catalogue, ShellInit.install(folder.resolve("shells"))),
            new Ledgers(Policy.none(), 1),
            (spec, listener) -> {
              meanwhile.getAndSet(() -> {}).run();
              return terminals.start(spec, listener);
            },
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
            InstantSource.system(),
            Tracing.off());
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private Session ended() {
    final Session session =
        tenant
            .create(
                CreateRequest.newBuilder()
                    .setTool("once")
                    .setSize(TerminalSize.newBuilder().setRows(24).setColumns(80))
                    .build(),
                "somebody",
                _ -> {})
            .session();
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
  void aSessionThatIsDeletedAfterARevivalThatFailedGivesItsPlaceBack() throws Exception {
    final Session session = ended();
    refuseForWantOfRoom(session.process()::start);
    assertThat(tenant.delete(List.of(session), true, _ -> {})).containsExactly(session.id());
    assertItsPlaceIsFree();
  }
}

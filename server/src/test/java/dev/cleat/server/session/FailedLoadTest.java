package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionState;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session that cannot be opened when it is first asked for. */
class FailedLoadTest {
  private static final String ID = "asked-for";

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();

  @Test
  void isOpenedWhenThatIsPossible() throws Exception {
    // Its first event is still to be written: that is done when it is opened.
    try (Store store = Store.open(folder.resolve("state.db"), InstantSource.system())) {
      final var _ =
          store.insertSession(
              Saver.row(
                  dev.cleat.v1.Session.newBuilder()
                      .setId(ID)
                      .setTenant("default")
                      .setTool("once")
                      .setState(SessionState.SESSION_STATE_FAILED)
                      .build(),
                  0,
                  RunNotes.NONE),
              new byte[0],
              null);
    }
    try (JournalRoot root = disk.rootOn(folder.resolve("journals"))) {
      assertThat(root.create(ID, JournalOptions.defaults()).head()).isZero();
    }
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "");
    try (Sessions sessions = OneToolSessions.open(folder, disk, program, new PtyTerminals())) {
      final TenantSessions tenant = sessions.of("default");
      assertThat(tenant.changes().journal().head()).isZero();
      disk.fill();
      assertThat(catchThrowableOfType(Refusal.class, () -> tenant.get(ID)).reason())
          .isEqualTo(ErrorReason.ERROR_REASON_STORAGE_FULL);

      disk.free();

      assertThat(tenant.get(ID).journal().head()).isPositive();
    }
  }
}

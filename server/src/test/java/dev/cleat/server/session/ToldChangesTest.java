package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionChangeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What those are told who watch all sessions, where something comes in between. */
class ToldChangesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();
  private Path program;
  private Sessions sessions;
  private TenantSessions tenant;

  /** The program goes just when it is about to be started. */
  private boolean vanishes;

  @BeforeEach
  void install() throws Exception {
    program = folder.resolve("program");
    OneToolSessions.install(program, "");
    open();
  }

  private void open() throws Exception {
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        OneToolSessions.open(
            folder,
            disk,
            program,
            (spec, listener) -> {
              if (vanishes) {
                assertThat(program.toFile().delete()).isTrue();
              }
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

  /** Everything that was told, oldest first. */
  private List<SessionChange> told() throws IOException {
    final List<SessionChange> changes = new ArrayList<>();
    try (Cursor cursor = tenant.changes().journal().cursorFromOldest()) {
      while (cursor.poll(1 << 20) instanceof Batch batch) {
        batch.forEach((_, array, offset, length) ->
            changes.add(SessionChange.parser().parseFrom(array, offset, length)));
      }
    }
    return changes;
  }

  private void assertLast(SessionChangeKind kind, String id) throws IOException {
    final SessionChange last = told().getLast();
    assertThat(last.getKind()).isEqualTo(kind);
    assertThat(last.getSession().getId()).isEqualTo(id);
  }

  @Test
  void aSessionThatComesToNothingIsDeleted() throws IOException {
    vanishes = true;

    assertThat(catchThrowableOfType(Refusal.class, () -> OneToolSessions.start(tenant)))
        .isNotNull();

    final SessionChange first = told().getFirst();
    assertThat(first.getKind()).isEqualTo(SessionChangeKind.SESSION_CHANGE_KIND_CREATED);
    assertLast(SessionChangeKind.SESSION_CHANGE_KIND_DELETED, first.getSession().getId());
  }

  /** As a server leaves it that is killed amid the deletion. */
  @Test
  void aDeletionThatWasCutShortIsToldAtTheNextStart() throws Exception {
    final String id = ended().id();
    final Path directory = folder.resolve("workspaces").resolve(id);
    assertThat(directory).isDirectory();
    sessions.close();
    try (Store store = Store.open(folder.resolve("state.db"), InstantSource.system())) {
      assertThat(store.deleteSessions(List.of(id))).containsExactly(id);
    }

    open();

    assertLast(SessionChangeKind.SESSION_CHANGE_KIND_DELETED, id);
    assertThat(folder.resolve("journals/journals").resolve(id)).doesNotExist();
    assertThat(directory).doesNotExist();
  }

  @Test
  void whatThereIsNoRoomForIsToldOnceThereIs() throws IOException {
    final Session session = ended();
    disk.fill();
    assertThat(tenant.delete(List.of(session), false, _ -> {})).containsExactly(session.id());
    assertThat(told().getLast().getKind())
        .isNotEqualTo(SessionChangeKind.SESSION_CHANGE_KIND_DELETED);

    disk.free();

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertLast(SessionChangeKind.SESSION_CHANGE_KIND_DELETED, session.id()));
  }

  /** As a server leaves it that is killed before it has saved what it wrote down last. */
  @Test
  void whatTheStoreHasNotIsSavedAndToldAtTheNextStart() throws Exception {
    final String id = ended().id();
    sessions.close();
    final Path state = folder.resolve("state.db");
    final Path before = Files.copy(state, folder.resolve("before.db"));
    open();
    final Session again = tenant.get(id);
    tenant.restart(again, Duration.ZERO);
    await().atMost(PATIENCE).until(again::isOver);
    final long head = again.journal().nextSeq() - 1;
    final int toldBefore = told().size();
    sessions.close();
    Files.copy(before, state, StandardCopyOption.REPLACE_EXISTING);
    final Path mark = folder.resolve("journals/run");
    Files.writeString(mark, Files.readString(mark).replace("clean=true", "clean=false"));

    open();
    sessions.close();

    open();
    assertThat(told()).hasSize(toldBefore + 1);
    assertLast(SessionChangeKind.SESSION_CHANGE_KIND_ENDED, id);
    sessions.close();
    try (Store store = Store.open(state, InstantSource.system())) {
      assertThat(store.session(id).orElseThrow().foldedSeq()).isEqualTo(head);
    }
    open();
  }
}

package dev.cleat.server.store;

import static dev.cleat.server.store.RequestRow.Kind.PROMPT;
import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.TENANT;
import static dev.cleat.server.store.Rows.bytes;
import static dev.cleat.server.store.Rows.insert;
import static dev.cleat.server.store.Rows.request;
import static dev.cleat.server.store.Rows.session;
import static dev.cleat.server.store.Rows.turn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a save of folds writes, and what it leaves. */
class StoreSaveTest {
  @TempDir Path folder;
  private Store store;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("cleat.db"), () -> Instant.ofEpochMilli(1_000));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    store.close();
    open();
  }

  @Test
  void aSaveChangesWhatCanChangeAndNothingElse() {
    insert(store, session("s1", "old", 5));
    SessionRow later =
        new SessionRow(
            "s1",
            "default",
            "owner",
            "new",
            "zsh",
            4,
            null,
            "other",
            true,
            99,
            "later",
            Map.of("x", "y"),
            10,
            1,
            bytes("d"),
            bytes("f"));
    assertThat(store.saveFold(new FoldUpdate(later, List.of(turn("s1", 1, true)))))
        .isEqualTo(new SaveResult.Saved());

    SessionRow expected =
        new SessionRow(
            "s1",
            "default",
            "owner",
            "new",
            "bash",
            4,
            null,
            null,
            false,
            5,
            "later",
            Map.of("x", "y"),
            10,
            1,
            bytes("d"),
            bytes("f"));
    assertThat(store.session("s1")).get().usingRecursiveComparison().isEqualTo(expected);
    assertThat(store.turn("s1", "turn-1"))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(turn("s1", 1, true));
    assertThat(store.secret("s1")).hasValue(SECRET);
  }

  @Test
  void aSaveNeverGoesBackInEpochAndSeq() {
    insert(store, session("s1", null, 0, 1, 10));

    assertThat(store.saveFold(new FoldUpdate(session("s1", "x", 0, 1, 9), List.of())))
        .isEqualTo(new SaveResult.Stale(1, 10));
    assertThat(store.sessionByName(TENANT, "x")).isEmpty();
    assertThat(store.saveFold(new FoldUpdate(session("s1", "x", 0, 1, 10), List.of())))
        .isEqualTo(new SaveResult.Saved());
    assertThat(store.saveFold(new FoldUpdate(session("s1", "y", 0, 2, 3), List.of())))
        .isEqualTo(new SaveResult.Saved());
    assertThat(store.saveFold(new FoldUpdate(session("s1", "z", 0, 1, 11), List.of())))
        .isEqualTo(new SaveResult.Stale(2, 3));
    assertThat(store.sessionByName(TENANT, "y")).isPresent();
  }

  @Test
  void requestsOfTurnsAreSavedWithThemAndNotForASessionThatIsGone() {
    insert(store, session("s1"));
    insert(store, session("s2", "taken", 0));
    final List<SaveResult> results =
        store.saveFolds(
            List.of(
                asked(session("gone", null, 0, 1, 5), "r0"),
                asked(session("s1", null, 0, 1, 5), "r1"),
                asked(session("s1", "taken", 0, 1, 6), "r2")));
    assertThat(results)
        .containsExactly(
            new SaveResult.Gone(), new SaveResult.Saved(), new SaveResult.NameTaken("s2"));
    assertThat(store.request(PROMPT, TENANT, "r0")).isEmpty();
    assertThat(store.request(PROMPT, TENANT, "r1")).isPresent();
    // A retry must find it, whatever becomes of the rest.
    assertThat(store.request(PROMPT, TENANT, "r2")).isPresent();
  }

  private static FoldUpdate asked(SessionRow session, String requestId) {
    return new FoldUpdate(
        session,
        List.of(turn(session.id(), 1, false)),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(request(PROMPT, requestId, session.id(), Long.MAX_VALUE)));
  }

  @Test
  void oneRefusedSaveDoesNotKeepTheOthersFromBeingWritten() {
    insert(store, session("s1", "one", 0));
    insert(store, session("s2", "two", 0));
    insert(store, session("s3", null, 0, 1, 50));

    List<SaveResult> results =
        store.saveFolds(
            List.of(
                new FoldUpdate(session("s1", "two", 0, 1, 5), List.of(turn("s1", 1, false))),
                new FoldUpdate(session("s2", "free", 0, 1, 5), List.of(turn("s2", 1, false))),
                new FoldUpdate(session("s3", null, 0, 1, 49), List.of()),
                new FoldUpdate(session("s4", null, 0, 1, 5), List.of())),
            MetaRow.of("head", 7));

    assertThat(results)
        .containsExactly(
            new SaveResult.NameTaken("s2"),
            new SaveResult.Saved(),
            new SaveResult.Stale(1, 50),
            new SaveResult.Gone());
    assertThat(store.session("s1").orElseThrow().name()).isEqualTo("one");
    assertThat(store.turn("s1", "turn-1")).isEmpty();
    assertThat(store.session("s2").orElseThrow().name()).isEqualTo("free");
    assertThat(store.turn("s2", "turn-1")).isPresent();
    assertThat(store.metaLong("head")).hasValue(7);
  }

  @Test
  void aSaveRemovesTurnsBeforeItWritesTurns() {
    insert(store, session("s1"));
    store.insertTurn(turn("s1", 1, false), null);
    TurnRow other = new TurnRow("other", "s1", 1, 1, false, bytes("x"));

    store.saveFold(new FoldUpdate(session("s1"), List.of(other), List.of("turn-1")));

    assertThat(store.turns("s1", Long.MAX_VALUE, 10, Long.MAX_VALUE).items())
        .extracting(TurnRow::id)
        .containsOnly("other");
  }

  private static ArtifactRow file(String id, long number, String data) {
    return new ArtifactRow(id, "s1", number, bytes(data));
  }

  private void save(long seq, List<ArtifactRow> files, List<String> removed) {
    store.saveFold(
        new FoldUpdate(
            session("s1", null, 0, 1, seq),
            List.of(),
            List.of(),
            List.of(),
            files,
            removed,
            List.of()));
  }

  @Test
  void filesAreWrittenChangedAndRemovedWithTheFold() {
    insert(store, session("s1"));
    insert(store, session("s2"));
    save(1, List.of(file("b", 7, "one"), file("a", 9, "two"), file("c", 8, "three")), List.of());
    save(2, List.of(file("b", 7, "more")), List.of("c", "never there"));
    // A save that comes too late changes nothing.
    save(1, List.of(file("z", 1, "late")), List.of("a"));
    reopen();

    assertThat(store.artifacts("s1"))
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(file("b", 7, "more"), file("a", 9, "two"));
    assertThat(store.artifacts("s2")).isEmpty();
    assertThatThrownBy(() ->
            new FoldUpdate(
                session("s2"),
                List.of(),
                List.of(),
                List.of(),
                List.of(file("b", 1, "x")),
                List.of(),
                List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    store.deleteSessions(List.of("s1"));
    assertThat(store.artifacts("s1")).isEmpty();
  }
}

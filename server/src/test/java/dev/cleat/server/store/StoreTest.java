package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.TENANT;
import static dev.cleat.server.store.Rows.bytes;
import static dev.cleat.server.store.Rows.request;
import static dev.cleat.server.store.Rows.resumable;
import static dev.cleat.server.store.Rows.session;
import static dev.cleat.server.store.Rows.turn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  private static final RequestRow.Kind CREATE = RequestRow.Kind.CREATE;
  private static final RequestRow.Kind PROMPT = RequestRow.Kind.PROMPT;

  @TempDir Path folder;
  private long nowMillis = 1_000;
  private Store store;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("cleat.db"), () -> Instant.ofEpochMilli(nowMillis));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    store.close();
    open();
  }

  private SessionRow insert(SessionRow row) {
    assertThat(store.insertSession(row, SECRET, null)).isEqualTo(new InsertResult.Inserted());
    return row;
  }

  @Test
  void everythingOfASessionComesBackAlsoAfterReopening() {
    SessionRow row =
        new SessionRow(
            "s1",
            "default",
            "owner",
            "näme 🖥 %_",
            "bash",
            3,
            "w",
            "parent",
            true,
            123_456_789_012_345_678L,
            "töken",
            Map.of("a", "1", "b", ""),
            17,
            2,
            new byte[] {0, 1, -1},
            new byte[0]);
    insert(row);
    reopen();

    assertThat(store.session("s1")).get().usingRecursiveComparison().isEqualTo(row);
    assertThat(store.sessionByName(TENANT, "näme 🖥 %_"))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(row);
    assertThat(store.secret("s1")).hasValue(SECRET);
    assertThat(store.sessionIds()).containsExactly("s1");
  }

  @Test
  void whatIsNotThereIsEmpty() {
    assertThat(store.session("s")).isEmpty();
    assertThat(store.sessionByName(TENANT, "s")).isEmpty();
    assertThat(store.secret("s")).isEmpty();
    assertThat(store.turn("s", "t")).isEmpty();
    assertThat(store.turns("s", Long.MAX_VALUE, 1)).isEmpty();
    assertThat(store.unfinishedTurns("s")).isEmpty();
    assertThat(store.request(CREATE, TENANT, "r")).isEmpty();
    assertThat(store.active(caller(""))).isEmpty();
    assertThat(store.meta("m")).isEmpty();
    assertThat(store.metaLong("m")).isEmpty();
    assertThat(store.sessions(SessionQuery.ALL, null, 10)).isEmpty();
    assertThat(store.children("s")).isEmpty();
    assertThat(store.countSessions(Set.of())).isZero();
    assertThat(store.deleteSessions(List.of("s"))).isEmpty();
    assertThat(store.setActive(caller("caller"), "s")).isFalse();
  }

  @Test
  void anIdIsNeverTakenTwiceAlsoAfterItsSessionWasDeleted() {
    insert(session("s1", "first", 0));
    assertThat(store.insertSession(session("s1"), SECRET, null))
        .isEqualTo(new InsertResult.IdTaken());

    assertThat(store.deleteSessions(List.of("s1", "s1", "other"))).containsExactly("s1");
    reopen();

    assertThat(store.insertSession(session("s1"), SECRET, null))
        .isEqualTo(new InsertResult.IdTaken());
    assertThat(store.session("s1")).isEmpty();
  }

  @Test
  void aNameIsUniqueAmongTheSessionsThatExist() {
    insert(session("s1", "name", 0));

    assertThat(store.insertSession(session("s2", "name", 0), SECRET, null))
        .isEqualTo(new InsertResult.NameTaken("s1"));
    assertThat(store.session("s2")).isEmpty();

    store.deleteSessions(List.of("s1"));
    insert(session("s2", "name", 0));
    insert(session("s3"));
    insert(session("s4"));
  }

  @Test
  void aRepeatedCreateFindsTheFirstUntilItsRequestIdExpires() {
    RequestRow first = request(CREATE, "r", "s1", 2_000);
    assertThat(store.insertSession(session("s1"), SECRET, first))
        .isEqualTo(new InsertResult.Inserted());
    reopen();

    RequestRow second = request(CREATE, "r", "s2", 3_000);
    InsertResult again = store.insertSession(session("s2"), SECRET, second);
    assertThat(again).usingRecursiveComparison().isEqualTo(new InsertResult.Known(first));
    assertThat(store.session("s2")).isEmpty();

    nowMillis = 2_000;
    assertThat(store.request(CREATE, TENANT, "r")).isEmpty();
    assertThat(store.insertSession(session("s2"), SECRET, second))
        .isEqualTo(new InsertResult.Inserted());
    assertThat(store.request(CREATE, TENANT, "r"))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(second);
  }

  @Test
  void aRefusedInsertWritesNeitherRequestNorMeta() {
    insert(session("s1"));
    store.insertSession(
        session("s1"), SECRET, request(CREATE, "r", "s1", 2_000), MetaRow.of("head", 1));

    assertThat(store.request(CREATE, TENANT, "r")).isEmpty();
    assertThat(store.metaLong("head")).isEmpty();
  }

  @Test
  void requestIdsOfDifferentKindsAreApart() {
    store.insertSession(session("s1"), SECRET, request(CREATE, "r", "s1", 2_000));

    assertThat(store.insertTurn(turn("s1", 1, false), request(PROMPT, "r", "s1", 2_000))).isEmpty();
    assertThat(store.request(PROMPT, TENANT, "r").orElseThrow().turnId()).isEqualTo("turn-1");
    assertThat(store.request(CREATE, TENANT, "r").orElseThrow().turnId()).isNull();
  }

  @Test
  void aRepeatedPromptFindsTheFirstTurnAndInsertsNone() {
    insert(session("s1"));
    RequestRow first = request(PROMPT, "r", "s1", 2_000);
    assertThat(store.insertTurn(turn("s1", 1, false), first)).isEmpty();

    assertThat(store.insertTurn(turn("s1", 2, false), request(PROMPT, "r", "s1", 9_000)))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(first);
    assertThat(store.turn("s1", "turn-2")).isEmpty();
  }

  @Test
  void aTurnOfNoSessionIsRefused() {
    assertThatThrownBy(() -> store.insertTurn(turn("s1", 1, false), null))
        .isInstanceOf(StoreException.class);
    insert(session("s1"));
    assertThat(store.insertTurn(turn("s1", 1, false), null)).isEmpty();
  }

  @Test
  void purgingRemovesExactlyWhatHasExpired() {
    store.insertSession(session("s1"), SECRET, request(CREATE, "old", "s1", 1_500));
    store.insertTurn(turn("s1", 1, false), request(PROMPT, "new", "s1", 1_501));
    nowMillis = 1_500;

    assertThat(store.purgeRequests()).isEqualTo(1);
    assertThat(store.request(PROMPT, TENANT, "new")).isPresent();
  }

  @Test
  void newestSessionOfAResumeTokenIsFound() {
    insert(resumable("s1", "token", 1, 0));
    insert(resumable("s3", "token", 3, 0));
    insert(resumable("s2", "token", 2, 0));
    insert(resumable("s4", "", 4, 0));

    assertThat(store.sessionByResumeToken(TENANT, "token")).get().extracting("id").isEqualTo("s3");
    assertThat(store.sessionByResumeToken(TENANT, "Token")).isEmpty();
    store.saveFold(new FoldUpdate(resumable("s4", "token", 4, 1), List.of()));
    store.saveFold(new FoldUpdate(resumable("s3", "another", 3, 1), List.of()));
    reopen();
    assertThat(store.sessionByResumeToken(TENANT, "token")).get().extracting("id").isEqualTo("s4");
    assertThat(store.sessionByResumeToken(TENANT, "another"))
        .get()
        .extracting("id")
        .isEqualTo("s3");
    assertThat(store.fillResumeTokens(data -> "never asked for")).isZero();
  }

  @Test
  void aSaveChangesWhatCanChangeAndNothingElse() {
    insert(session("s1", "old", 5));
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
    insert(session("s1", null, 0, 1, 10));

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
  void oneRefusedSaveDoesNotKeepTheOthersFromBeingWritten() {
    insert(session("s1", "one", 0));
    insert(session("s2", "two", 0));
    insert(session("s3", null, 0, 1, 50));

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
    insert(session("s1"));
    store.insertTurn(turn("s1", 1, false), null);
    TurnRow other = new TurnRow("other", "s1", 1, 1, false, bytes("x"));

    store.saveFold(new FoldUpdate(session("s1"), List.of(other), List.of("turn-1")));

    assertThat(store.turns("s1", Long.MAX_VALUE, 10)).extracting(TurnRow::id).containsOnly("other");
  }

  @Test
  void turnsAreListedNewestFirstPageByPage() {
    insert(session("s1"));
    insert(session("s2"));
    store.insertTurn(turn("s2", 99, false), null);
    for (long number = 1; number <= 7; number++) {
      store.insertTurn(turn("s1", number, number != 4), null);
    }

    assertThat(store.turns("s1", Long.MAX_VALUE, 3))
        .extracting(TurnRow::number)
        .containsExactly(7L, 6L, 5L);
    assertThat(store.turns("s1", 5, 3)).extracting(TurnRow::number).containsExactly(4L, 3L, 2L);
    assertThat(store.turns("s1", 2, 3)).extracting(TurnRow::number).containsExactly(1L);
    assertThat(store.turns("s1", 1, 3)).isEmpty();
    assertThat(store.unfinishedTurns("s1")).extracting(TurnRow::number).containsExactly(4L);
  }

  @Test
  void trimmingKeepsTheNewestEndedTurnsAndAllThatHaveNotEnded() {
    insert(session("s1"));
    LongStream.rangeClosed(1, 10).forEach(n -> store.insertTurn(turn("s1", n, n % 5 != 0), null));

    assertThat(store.trimTurns("s1", 8)).isZero();
    assertThat(store.trimTurns("s1", 3)).isEqualTo(5);
    assertThat(store.turns("s1", Long.MAX_VALUE, 100))
        .extracting(TurnRow::number)
        .containsExactly(10L, 9L, 8L, 7L, 5L);
    assertThat(store.trimTurns("s1", 0)).isEqualTo(3);
  }

  @Test
  void trimmingKeepsTurnsThatARetryMayAskFor() {
    insert(session("s1"));
    store.insertTurn(turn("s1", 1, true), request(PROMPT, "p", "s1", 9_000));
    store.insertTurn(turn("s1", 2, true), null);
    store.insertTurn(turn("s1", 3, true), null);

    assertThat(store.trimTurns("s1", 1)).isEqualTo(1);
    assertThat(store.turns("s1", Long.MAX_VALUE, 100))
        .extracting(TurnRow::number)
        .containsExactly(3L, 1L);
  }

  @Test
  void whatIsAddedToATurnThatWasTrimmedDoesNotBringItBack() {
    insert(session("s1"));
    store.insertTurn(turn("s1", 1, true), null);
    store.insertTurn(turn("s1", 2, true), null);
    store.trimTurns("s1", 1);
    TurnRow trimmed = turn("s1", 1, true);
    TurnRow kept = new TurnRow("turn-2", "s1", 2, 5, true, bytes("more"));

    store.saveFold(
        new FoldUpdate(
            session("s1"), List.of(), List.of(trimmed, kept), List.of(), List.of(), List.of()));

    assertThat(store.turns("s1", Long.MAX_VALUE, 10))
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(kept);
    assertThatThrownBy(() ->
            new FoldUpdate(
                session("s2"), List.of(), List.of(kept), List.of(), List.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void deletingASessionLeavesNothingOfItButItsId() {
    store.insertSession(session("s1", "n", 0), SECRET, request(CREATE, "c", "s1", 9_000));
    insert(session("s2"));
    store.insertTurn(turn("s1", 1, false), request(PROMPT, "p", "s1", 9_000));
    store.insertTurn(turn("s2", 1, false), request(PROMPT, "q", "s2", 9_000));
    store.setActive(caller("caller"), "s1");
    store.setActive(caller("other"), "s2");

    assertThat(store.deleteSessions(List.of("s1"), MetaRow.of("head", 3))).containsExactly("s1");

    assertThat(store.turn("s1", "turn-1")).isEmpty();
    assertThat(store.secret("s1")).isEmpty();
    assertThat(store.request(CREATE, TENANT, "c")).isEmpty();
    assertThat(store.request(PROMPT, TENANT, "p")).isEmpty();
    assertThat(store.active(caller("caller"))).isEmpty();
    assertThat(store.active(caller("other"))).hasValue("s2");
    assertThat(store.turn("s2", "turn-1")).isPresent();
    assertThat(store.metaLong("head")).hasValue(3);
    assertThat(store.saveFold(new FoldUpdate(session("s1"), List.of())))
        .isEqualTo(new SaveResult.Gone());
  }

  @Test
  void eachCallerHasOneActiveSession() {
    insert(session("s1"));
    insert(session("s2"));

    assertThat(store.setActive(caller(""), "s1")).isTrue();
    assertThat(store.setActive(caller("me"), "s1")).isTrue();
    assertThat(store.setActive(caller("me"), "s2")).isTrue();

    assertThat(store.active(caller(""))).hasValue("s1");
    assertThat(store.active(caller("me"))).hasValue("s2");
  }

  private static ActiveKey caller(String name) {
    return new ActiveKey(TENANT, "me", name);
  }

  private static SessionRow of(String tenant, String owner, String id, String name, String token) {
    return new SessionRow(
        id,
        tenant,
        owner,
        name,
        "bash",
        2,
        null,
        null,
        false,
        1,
        token,
        Map.of(),
        0,
        1,
        bytes("d"),
        bytes("f"));
  }

  @Test
  void namesRequestIdsTokensAndActiveSessionsAreTheTenantsOwn() {
    for (String tenant : List.of("a", "b")) {
      assertThat(
              store.insertSession(
                  of(tenant, "owner", tenant + "_s", "n", "t"),
                  SECRET,
                  new RequestRow(CREATE, tenant, "r", bytes(tenant), tenant + "_s", null, 9_000)))
          .isEqualTo(new InsertResult.Inserted());
      store.setActive(new ActiveKey(tenant, "me", ""), tenant + "_s");
    }
    assertThat(store.insertSession(of("a", "owner", "a_2", "n", "t"), SECRET, null))
        .isEqualTo(new InsertResult.NameTaken("a_s"));
    insert(of("b", "other", "b_2", "other", "t"));
    reopen();

    for (String tenant : List.of("a", "b")) {
      String id = tenant + "_s";
      assertThat(store.sessionByName(tenant, "n")).get().extracting("id").isEqualTo(id);
      assertThat(store.request(CREATE, tenant, "r")).get().extracting("sessionId").isEqualTo(id);
      assertThat(store.active(new ActiveKey(tenant, "me", ""))).hasValue(id);
      assertThat(store.active(new ActiveKey(tenant, "you", ""))).isEmpty();
    }
    assertThat(store.sessionByResumeToken("a", "t")).get().extracting("id").isEqualTo("a_s");
    assertThat(store.sessionByResumeToken("b", "t")).get().extracting("id").isEqualTo("b_s");
    assertThat(store.sessionByResumeToken("c", "t")).isEmpty();
    assertThat(ids("b", null)).containsExactly("b_2", "b_s");
    assertThat(ids("b", "other")).containsExactly("b_2");
    assertThat(ids("a", "other")).isEmpty();
    assertThat(ids(null, null)).containsExactly("a_s", "b_2", "b_s");
  }

  private List<String> ids(@Nullable String tenant, @Nullable String owner) {
    SessionQuery query =
        new SessionQuery(tenant, owner, Set.of(), null, null, null, Map.of(), "", true);
    return store.sessions(query, null, 10).stream().map(SessionRow::id).toList();
  }

  @Test
  void metaIsOverwritten() {
    store.putMeta(MetaRow.of("a", -5), new MetaRow("b", bytes("x")));
    store.putMeta(MetaRow.of("a", Long.MAX_VALUE));
    reopen();

    assertThat(store.metaLong("a")).hasValue(Long.MAX_VALUE);
    assertThat(store.meta("b")).hasValue(bytes("x"));
  }

  @Test
  void aClosedStoreSaysSo() {
    store.close();
    assertThatThrownBy(() -> store.session("s1"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void anInterruptedCallerGetsItsAnswerAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    insert(session("s1"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(store.session("s1")).isPresent();
  }

  private static ArtifactRow file(String id, long number, String data) {
    return new ArtifactRow(id, "s1", number, bytes(data));
  }

  private void save(long seq, List<ArtifactRow> files, List<String> removed) {
    store.saveFold(
        new FoldUpdate(
            session("s1", null, 0, 1, seq), List.of(), List.of(), List.of(), files, removed));
  }

  @Test
  void filesAreWrittenChangedAndRemovedWithTheFold() {
    insert(session("s1"));
    insert(session("s2"));
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
                List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    store.deleteSessions(List.of("s1"));
    assertThat(store.artifacts("s1")).isEmpty();
  }
}

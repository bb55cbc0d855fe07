package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.TENANT;
import static dev.cleat.server.store.Rows.bytes;
import static dev.cleat.server.store.Rows.insert;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sessions and what hangs on them; the tests of requests, turns and saves have classes of their
 * own.
 */
class StoreTest {
  private static final RequestRow.Kind CREATE = RequestRow.Kind.CREATE;
  private static final RequestRow.Kind PROMPT = RequestRow.Kind.PROMPT;

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
    insert(store, row);
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
    assertThat(store.turns("s", Long.MAX_VALUE, 1, Long.MAX_VALUE).items()).isEmpty();
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
    insert(store, session("s1", "first", 0));
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
    insert(store, session("s1", "name", 0));

    assertThat(store.insertSession(session("s2", "name", 0), SECRET, null))
        .isEqualTo(new InsertResult.NameTaken("s1"));
    assertThat(store.session("s2")).isEmpty();

    store.deleteSessions(List.of("s1"));
    insert(store, session("s2", "name", 0));
    insert(store, session("s3"));
    insert(store, session("s4"));
  }

  @Test
  void newestSessionOfAResumeTokenIsFound() {
    insert(store, resumable("s1", "token", 1, 0));
    insert(store, resumable("s3", "token", 3, 0));
    insert(store, resumable("s2", "token", 2, 0));
    insert(store, resumable("s4", "", 4, 0));

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
  void deletingASessionLeavesNothingOfItButItsId() {
    store.insertSession(session("s1", "n", 0), SECRET, request(CREATE, "c", "s1", 9_000));
    insert(store, session("s2"));
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
    insert(store, session("s1"));
    insert(store, session("s2"));

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
    insert(store, of("b", "other", "b_2", "other", "t"));
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
    insert(store, session("s1"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(store.session("s1")).isPresent();
  }
}

package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.TENANT;
import static dev.cleat.server.store.Rows.insert;
import static dev.cleat.server.store.Rows.request;
import static dev.cleat.server.store.Rows.session;
import static dev.cleat.server.store.Rows.turn;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that are repeated, and how long they are known. */
class StoreRequestsTest {
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
    insert(store, session("s1"));
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
    insert(store, session("s1"));
    RequestRow first = request(PROMPT, "r", "s1", 2_000);
    assertThat(store.insertTurn(turn("s1", 1, false), first)).isEmpty();

    assertThat(store.insertTurn(turn("s1", 2, false), request(PROMPT, "r", "s1", 9_000)))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(first);
    assertThat(store.turn("s1", "turn-2")).isEmpty();
  }

  @Test
  void purgingRemovesExactlyWhatHasExpired() {
    store.insertSession(session("s1"), SECRET, request(CREATE, "old", "s1", 1_500));
    store.insertTurn(turn("s1", 1, false), request(PROMPT, "new", "s1", 1_501));
    nowMillis = 1_500;

    assertThat(store.purgeRequests()).isEqualTo(1);
    assertThat(store.request(PROMPT, TENANT, "new")).isPresent();
  }
}

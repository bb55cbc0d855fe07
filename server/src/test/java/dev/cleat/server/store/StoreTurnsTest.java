package dev.cleat.server.store;

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
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Turns: their pages, and which of them are kept. */
class StoreTurnsTest {
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

  @Test
  void aTurnOfNoSessionIsRefused() {
    assertThatThrownBy(() -> store.insertTurn(turn("s1", 1, false), null))
        .isInstanceOf(StoreException.class);
    insert(store, session("s1"));
    assertThat(store.insertTurn(turn("s1", 1, false), null)).isEmpty();
  }

  @Test
  void turnsAreListedNewestFirstPageByPage() {
    insert(store, session("s1"));
    insert(store, session("s2"));
    store.insertTurn(turn("s2", 99, false), null);
    for (long number = 1; number <= 7; number++) {
      store.insertTurn(turn("s1", number, number != 4), null);
    }

    assertThat(store.turns("s1", Long.MAX_VALUE, 3, Long.MAX_VALUE).items())
        .extracting(TurnRow::number)
        .containsExactly(7L, 6L, 5L);
    assertThat(store.turns("s1", 5, 3, Long.MAX_VALUE).items())
        .extracting(TurnRow::number)
        .containsExactly(4L, 3L, 2L);
    assertThat(store.turns("s1", 2, 3, Long.MAX_VALUE).items())
        .extracting(TurnRow::number)
        .containsExactly(1L);
    assertThat(store.turns("s1", 1, 3, Long.MAX_VALUE).items()).isEmpty();
    assertThat(store.unfinishedTurns("s1")).extracting(TurnRow::number).containsExactly(4L);
  }

  @Test
  void trimmingKeepsTheNewestEndedTurnsAndAllThatHaveNotEnded() {
    insert(store, session("s1"));
    LongStream.rangeClosed(1, 10).forEach(n -> store.insertTurn(turn("s1", n, n % 5 != 0), null));

    assertThat(store.trimTurns("s1", 8)).isZero();
    assertThat(store.trimTurns("s1", 3)).isEqualTo(5);
    assertThat(store.turns("s1", Long.MAX_VALUE, 100, Long.MAX_VALUE).items())
        .extracting(TurnRow::number)
        .containsExactly(10L, 9L, 8L, 7L, 5L);
    assertThat(store.trimTurns("s1", 0)).isEqualTo(3);
  }

  @Test
  void trimmingKeepsTurnsThatARetryMayAskFor() {
    insert(store, session("s1"));
    store.insertTurn(turn("s1", 1, true), request(PROMPT, "p", "s1", 9_000));
    store.insertTurn(turn("s1", 2, true), null);
    store.insertTurn(turn("s1", 3, true), null);

    assertThat(store.trimTurns("s1", 1)).isEqualTo(1);
    assertThat(store.turns("s1", Long.MAX_VALUE, 100, Long.MAX_VALUE).items())
        .extracting(TurnRow::number)
        .containsExactly(3L, 1L);
  }

  @Test
  void whatIsAddedToATurnThatWasTrimmedDoesNotBringItBack() {
    insert(store, session("s1"));
    store.insertTurn(turn("s1", 1, true), null);
    store.insertTurn(turn("s1", 2, true), null);
    store.trimTurns("s1", 1);
    TurnRow trimmed = turn("s1", 1, true);
    TurnRow kept = new TurnRow("turn-2", "s1", 2, 5, true, bytes("more"));

    store.saveFold(
        new FoldUpdate(
            session("s1"),
            List.of(),
            List.of(trimmed, kept),
            List.of(),
            List.of(),
            List.of(),
            List.of()));

    assertThat(store.turns("s1", Long.MAX_VALUE, 10, Long.MAX_VALUE).items())
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(kept);
    assertThatThrownBy(() ->
            new FoldUpdate(
                session("s2"),
                List.of(),
                List.of(kept),
                List.of(),
                List.of(),
                List.of(),
                List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

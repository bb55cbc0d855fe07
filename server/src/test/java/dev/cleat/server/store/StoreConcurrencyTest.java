package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.request;
import static dev.cleat.server.store.Rows.session;
import static dev.cleat.server.store.Rows.turn;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreConcurrencyTest {
  @TempDir Path folder;
  private Store store;
  private ExecutorService threads;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("cleat.db"));
    threads = Executors.newVirtualThreadPerTaskExecutor();
  }

  @AfterEach
  void close() {
    threads.close();
    store.close();
  }

  @Test
  void readersSeeEachTransactionWholeOrNotAtAll() throws Exception {
    int members = 20;
    for (int i = 0; i < members; i++) {
      store.insertSession(session("s" + i), SECRET, null);
    }
    AtomicBoolean written = new AtomicBoolean();
    List<Future<Integer>> readers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      readers.add(threads.submit(() -> readUntil(written, members)));
    }
    try {
      for (long seq = 1; seq <= 200; seq++) {
        List<FoldUpdate> updates = new ArrayList<>();
        for (int i = 0; i < members; i++) {
          updates.add(new FoldUpdate(session("s" + i, null, 0, 1, seq), List.of()));
        }
        assertThat(store.saveFolds(updates)).containsOnly(new SaveResult.Saved());
      }
    } finally {
      written.set(true);
    }
    for (Future<Integer> reader : readers) {
      assertThat(reader.get()).isPositive();
    }
  }

  private int readUntil(AtomicBoolean written, int members) {
    long last = 0;
    int reads = 0;
    do {
      List<SessionRow> rows = store.sessions(SessionQuery.ALL, null, 100);
      long seq = rows.getFirst().foldedSeq();
      assertThat(rows).hasSize(members).allMatch(row -> row.foldedSeq() == seq);
      assertThat(rows).allMatch(row -> row.labels().equals(Map.of("owner", row.id())));
      assertThat(seq).isGreaterThanOrEqualTo(last);
      last = seq;
      reads++;
    } while (!written.get());
    return reads;
  }

  @Test
  void aWriteThatHasReturnedIsSeenByEveryReadThatBegins() throws Exception {
    store.insertSession(session("s"), SECRET, null);
    for (long number = 1; number <= 200; number++) {
      long expected = number;
      store.putMeta(MetaRow.of("n", number));
      List<Future<Long>> reads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        reads.add(threads.submit(() -> store.metaLong("n").orElseThrow()));
      }
      for (Future<Long> read : reads) {
        assertThat(read.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void ofManyThatWantTheSameNameOneGetsIt() throws Exception {
    List<InsertResult> results =
        all(100, i -> () -> store.insertSession(session("s" + i, "wanted", i), SECRET, null));

    assertThat(results).filteredOn(InsertResult.Inserted.class::isInstance).hasSize(1);
    String winner = store.sessionByName(Rows.TENANT, "wanted").orElseThrow().id();
    assertThat(results)
        .filteredOn(InsertResult.NameTaken.class::isInstance)
        .hasSize(99)
        .containsOnly(new InsertResult.NameTaken(winner));
    assertThat(store.sessionIds()).containsExactly(winner);
  }

  @Test
  void ofManyRetriesOfAPromptOneMakesATurn() throws Exception {
    store.insertSession(session("s"), SECRET, null);
    List<Boolean> inserted =
        all(
            100,
            i ->
                () ->
                    store
                        .insertTurn(
                            turn("s", i + 1, false),
                            request(RequestRow.Kind.PROMPT, "r", "s", Long.MAX_VALUE))
                        .isEmpty());

    assertThat(inserted).filteredOn(Boolean::booleanValue).hasSize(1);
    assertThat(store.turns("s", Long.MAX_VALUE, 100, Long.MAX_VALUE).items()).hasSize(1);
  }

  /** Makes a task of a number. */
  @FunctionalInterface
  private interface Tasks<T> {
    Callable<T> task(int i);
  }

  private <T> List<T> all(int count, Tasks<T> tasks) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(threads.submit(tasks.task(i)));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      results.add(future.get());
    }
    return results;
  }
}

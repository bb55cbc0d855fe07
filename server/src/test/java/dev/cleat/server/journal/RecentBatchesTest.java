package dev.cleat.server.journal;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.RecentBatches.Budget;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stays in memory. */
class RecentBatchesTest {
  @TempDir Path folder;
  private JournalRoot root;

  @BeforeEach
  void open() throws IOException {
    root = FakeDisk.root(folder);
  }

  @AfterEach
  void close() throws IOException {
    root.close();
  }

  @Test
  void aFrozenReaderRetainsNoMemory() throws IOException {
    Journal journal = root.create("a", JournalOptions.of(Retention.UNLIMITED, SyncPolicy.OS));
    journal.append(new TestEvent(new byte[100_000]));
    try (Cursor frozenAtStart = journal.cursorFromOldest();
        Cursor frozenInMemory = journal.cursorFromOldest()) {
      assertThat(frozenInMemory.poll(1 << 20)).isInstanceOf(Batch.class);
      WeakReference<Object> first = bytesOf(journal, 1);
      for (int i = 0; i < 40; i++) {
        journal.append(new TestEvent(new byte[100_000]));
      }

      assertThat(journal.recent().heldBytes()).isLessThanOrEqualTo(512 << 10);
      assertThat(journal.recent().find(1, 0)).isNull();
      await()
          .until(() -> {
            System.gc();
            return first.refersTo(null);
          });
      assertThat(Reading.of(frozenInMemory, 1 << 20).events()).hasSize(40);
      assertThat(Reading.of(frozenAtStart, 1 << 20).events()).hasSize(41);
    }
  }

  private static WeakReference<Object> bytesOf(Journal journal, long seq) {
    return new WeakReference<>(requireNonNull(journal.recent().find(seq, 0)).bytes());
  }

  @Test
  void neitherManySmallNorOneLargeBatchExceedTheLimits() {
    Budget budget = new Budget(1 << 20);
    RecentBatches recent = new RecentBatches(10_000, budget);
    Segment segment = new Segment(1, 1);
    for (int i = 1; i <= 2000; i++) {
      recent.add(segment, 0, i, i, new byte[10]);
      assertThat(recent.find(i, 0)).isNotNull();
      assertThat(recent.find(Math.max(1, i - RecentBatches.SLOTS), i) == null)
          .isEqualTo(i > RecentBatches.SLOTS);
    }
    assertThat(recent.heldBytes()).isEqualTo(RecentBatches.SLOTS * 10L);

    recent.add(segment, 0, 2001, 2001, new byte[10_001]);

    assertThat(recent.heldBytes()).isZero();
    assertThat(budget.heldBytes()).hasValue(0);
    recent.add(segment, 0, 2002, 2003, new byte[10]);
    assertThat(recent.find(2003, 0)).isNotNull();
    assertThat(recent.find(2001, 2000)).isNull();
  }

  @Test
  void idleJournalsHoldNothing() throws IOException {
    Journal journal = root.create("a", JournalOptions.defaults());
    journal.append(new TestEvent(new byte[1000]));
    root.maintain();
    assertThat(journal.recent().heldBytes()).isPositive();
    root.maintain();
    assertThat(journal.recent().heldBytes()).isZero();

    journal.append(new TestEvent(new byte[1000]));
    assertThat(Reading.of(journal, 1, 100).events()).hasSize(2);
  }

  @Test
  void journalsShareABudget() {
    Budget budget = new Budget(50_000);
    for (int journal = 0; journal < 100; journal++) {
      RecentBatches recent = new RecentBatches(8000, budget);
      for (int i = 1; i <= 100; i++) {
        recent.add(new Segment(1, 1), 0, i, i, new byte[100]);
      }
    }
    assertThat(budget.heldBytes().get()).isLessThan(50_000 + 100 * 1000 + 8000);
  }
}

package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Readers beside a writer. */
class FollowTest {
  private static final Duration LONG = Duration.ofMinutes(1);

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

  @ParameterizedTest
  @EnumSource(SyncPolicy.class)
  void liveFollowsHistoryWithoutGapOrDuplicate(SyncPolicy policy) throws Exception {
    long seed = System.nanoTime();
    // Small enough that readers fall out of memory and over the ends of segments all the time.
    JournalOptions options = new JournalOptions(64 << 10, 16 << 10, Retention.UNLIMITED, policy);
    Journal journal = root.create("a", options);
    long total = 20_000;
    List<Future<Long>> readers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 12; i++) {
        Random random = new Random(seed + i);
        int maxBytes = 1 << (6 + i);
        readers.add(threads.submit(() -> follow(journal, total, maxBytes, random)));
      }
      Random random = new Random(seed);
      long appended = 0;
      while (appended < total) {
        int count = (int) Math.min(total - appended, 1 + random.nextInt(5));
        List<TestEvent> batch = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
          batch.add(new TestEvent(TestEvent.payload(appended + i, random.nextInt(300))));
        }
        assertThat(journal.append(batch)).isEqualTo(appended + 1);
        appended += count;
      }
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).as("seed %d", seed).isEqualTo(total);
      }
    }
    assertThat(journal.bells().count()).isZero();
  }

  private static long follow(Journal journal, long total, int maxBytes, Random random)
      throws IOException, InterruptedException {
    try (Cursor cursor = journal.cursorFromOldest()) {
      long next = 1;
      while (next <= total) {
        switch (cursor.poll(maxBytes)) {
          case Batch batch -> {
            assertThat(batch.firstSeq()).isEqualTo(next);
            long[] seq = {next};
            batch.forEach(
                (number, array, offset, length) -> check(number, seq[0]++, array, offset, length));
            next = seq[0];
            assertThat(batch.lastSeq()).isEqualTo(next - 1);
            if (random.nextInt(50) == 0) {
              Thread.sleep(1);
            }
          }
          case Step.AtHead _ -> awaitMore(cursor);
          case Step.Gap gap -> throw new AssertionError(gap);
          case Step.Closed closed -> throw new AssertionError(closed);
        }
      }
      return next - 1;
    }
  }

  /** A wait may end early, but not last to its end: there is more to come. */
  private static void awaitMore(Cursor cursor) throws InterruptedException {
    long begin = System.nanoTime();
    boolean ready = cursor.await(LONG);
    assertThat(ready || System.nanoTime() - begin < LONG.toNanos()).isTrue();
  }

  private static void check(long number, long expected, byte[] array, int offset, int length) {
    assertThat(number).isEqualTo(expected);
    byte[] bytes = Arrays.copyOfRange(array, offset, offset + length);
    int payload = 1 + Varint.size(expected) + 1;
    payload += Varint.size(Varint.get(bytes, payload));
    assertThat(bytes)
        .isEqualTo(new TestEvent(TestEvent.payload(expected, length - payload)).bytesAt(expected));
  }

  @Test
  void appendsFromManyThreadsAreNumberedWithoutHoles() throws Exception {
    Journal journal = root.create("a", JournalOptions.defaults());
    List<Future<List<Long>>> writers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        writers.add(
            threads.submit(() -> {
              List<Long> seqs = new ArrayList<>();
              for (int n = 0; n < 500; n++) {
                seqs.add(journal.append(TestEvent.of("x")));
              }
              return seqs;
            }));
      }
    }
    List<Long> all = new ArrayList<>();
    for (Future<List<Long>> writer : writers) {
      assertThat(writer.get()).isSorted();
      all.addAll(writer.get());
    }
    assertThat(all).hasSize(4000).doesNotHaveDuplicates().contains(1L, 4000L);
    assertThat(Reading.of(journal, 1, 1 << 20).events()).hasSize(4000);
  }

  @Test
  void onlyAnArmedBellRingsAndOnlyOnce() throws IOException {
    Journal journal = root.create("a", JournalOptions.defaults());
    AtomicInteger rings = new AtomicInteger();
    try (Cursor cursor = journal.cursorFrom(1, rings::incrementAndGet)) {
      journal.append(TestEvent.of("x"));
      assertThat(rings).hasValue(0);
      assertThat(cursor.arm()).isFalse();
      cursor.poll(100);

      assertThat(cursor.arm()).isTrue();
      journal.append(TestEvent.of("x"));
      journal.append(TestEvent.of("x"));
      assertThat(rings).hasValue(1);
    }
    journal.append(TestEvent.of("x"));
    assertThat(rings).hasValue(1);
  }

  @Test
  void aBellThatFailsHarmsNeitherTheWriterNorOtherReaders() throws Exception {
    Journal journal = root.create("a", JournalOptions.defaults());
    AtomicInteger rings = new AtomicInteger();
    Runnable failing =
        () -> {
          throw new IllegalStateException("a reader's fault");
        };
    try (Cursor bad = journal.cursorFrom(1, failing);
        Cursor good = journal.cursorFrom(1, rings::incrementAndGet)) {
      assertThat(bad.arm()).isTrue();
      assertThat(good.arm()).isTrue();
      journal.append(TestEvent.of("x"));
    }
    assertThat(rings).hasValue(1);
  }

  @Test
  void aWakeThatComesBeforeTheWaitIsNotLost() throws Exception {
    Journal journal = root.create("a", JournalOptions.defaults());
    try (Cursor cursor = journal.cursorFromHead()) {
      cursor.wake();
      assertThat(cursor.await(LONG)).isFalse();
      assertThat(cursor.await(Duration.ofMillis(1))).isFalse();
    }
  }

  @Test
  void closingAndDeletingWakeReadersAndTellThemWhich() throws Exception {
    for (boolean deleted : new boolean[] {false, true}) {
      Journal journal = root.create("a" + deleted, JournalOptions.defaults());
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
          Cursor cursor = journal.cursorFromHead()) {
        Future<Boolean> waiting = threads.submit(() -> cursor.await(LONG));
        await().until(() -> !cursor.isReady());
        if (deleted) {
          assertThat(root.delete(journal.id())).isTrue();
        } else {
          root.close(journal.id());
        }
        assertThat(waiting.get()).isTrue();
        assertThat(cursor.poll(100)).isEqualTo(new Step.Closed(deleted));
        assertThatThrownBy(() -> journal.append(TestEvent.of("x")))
            .isInstanceOfSatisfying(
                JournalClosedException.class, e -> assertThat(e.deleted()).isEqualTo(deleted));
      }
    }
  }

  @Test
  void anInterruptedWaitEndsAndAnInterruptedWriterLosesNothing() throws Exception {
    Journal journal = root.create("a", JournalOptions.defaults());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Cursor cursor = journal.cursorFromHead()) {
      CountDownLatch started = new CountDownLatch(1);
      Future<Boolean> waiting =
          threads.submit(() -> {
            started.countDown();
            return cursor.await(LONG);
          });
      started.await();
      threads.shutdownNow();
      assertThatThrownBy(waiting::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(InterruptedException.class);
    }
    Thread.currentThread().interrupt();
    long seq = journal.append(new TestEvent(new byte[1 << 20]));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(seq).isEqualTo(1);
    assertThat(journal.append(TestEvent.of("x"))).isEqualTo(2);
    assertThat(Reading.of(journal, 1, 100).events()).hasSize(2);
  }

  @Test
  void anInterruptedReaderStaysWhereItWas() throws Exception {
    JournalOptions noMemory = new JournalOptions(1 << 20, 0, Retention.UNLIMITED, SyncPolicy.OS);
    Journal journal = root.create("a", noMemory);
    for (int i = 0; i < 10; i++) {
      journal.append(TestEvent.of("x"));
    }
    try (Cursor cursor = journal.cursorFromOldest()) {
      assertThat(cursor.poll(10)).isInstanceOf(Batch.class);
      long position = cursor.position();
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> cursor.poll(10)).isInstanceOf(IOException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(cursor.position()).isEqualTo(position);
      assertThat(Reading.of(cursor, 10).events().firstKey()).isEqualTo(position);
    }
  }

  @Test
  void aReaderInsideASegmentThatRetentionRemovesFinishesIt() throws Exception {
    JournalOptions options = new JournalOptions(4096, 0, Retention.ofBytes(8192), SyncPolicy.OS);
    Journal journal = root.create("a", options);
    while (journal.segments().count() < 2) {
      journal.append(new TestEvent(new byte[500]));
    }
    long lastOfFirst = journal.segments().last().firstSeq - 1;
    try (Cursor cursor = journal.cursorFromOldest()) {
      cursor.poll(1);
      while (journal.oldest() <= lastOfFirst) {
        journal.append(new TestEvent(new byte[500]));
      }
      for (long seq = 2; seq <= lastOfFirst; seq++) {
        assertThat(cursor.poll(1)).isInstanceOfSatisfying(Batch.class, b -> {});
      }
      long oldest = journal.oldest();
      if (oldest > lastOfFirst + 1) {
        assertThat(cursor.poll(1))
            .isEqualTo(new Step.Gap(lastOfFirst + 1, oldest - 1, GapReason.RETENTION));
      }
      Reading reading = Reading.of(cursor, 4096);
      assertThat(reading.gaps()).isEmpty();
      assertThat(reading.events().lastKey()).isEqualTo(journal.head());
    }
  }

  @Test
  void readersOvertakenByRetentionGetAGapAndGoOn() throws Exception {
    JournalOptions options =
        new JournalOptions(4096, 2048, Retention.ofBytes(16 << 10), SyncPolicy.OS);
    Journal journal = root.create("a", options);
    AtomicLong covered = new AtomicLong();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Cursor cursor = journal.cursorFromOldest()) {
      Future<?> reader =
          threads.submit(() -> {
            while (covered.get() < 20_000) {
              switch (cursor.poll(700)) {
                case Batch batch -> {
                  assertThat(batch.firstSeq()).isEqualTo(covered.get() + 1);
                  covered.set(batch.lastSeq());
                }
                case Step.Gap gap -> {
                  assertThat(gap.fromSeq()).isEqualTo(covered.get() + 1);
                  assertThat(gap.reason()).isEqualTo(GapReason.RETENTION);
                  covered.set(gap.toSeq());
                }
                case Step.AtHead _ -> cursor.await(LONG);
                case Step.Closed closed -> throw new AssertionError(closed);
              }
            }
            return null;
          });
      for (int i = 0; i < 20_000; i++) {
        journal.append(new TestEvent(new byte[100]));
      }
      reader.get();
    }
    assertThat(covered).hasValue(20_000);
  }
}

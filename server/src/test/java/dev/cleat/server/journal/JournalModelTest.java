package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Random use, compared with a list of what was appended. */
class JournalModelTest {
  @TempDir Path folder;
  private final FakeClock clock = new FakeClock();
  private final List<TestEvent> model = new ArrayList<>();
  private final List<Cursor> cursors = new ArrayList<>();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final JournalOptions options = randomOptions(random);
  private JournalRoot root;
  private Journal journal;

  @BeforeEach
  void create() throws IOException {
    root = openRoot();
    journal = root.create("a", options);
  }

  @AfterEach
  void close() throws IOException {
    root.close();
  }

  @RepeatedTest(10)
  void everyReaderGetsEveryEventOrIsToldThatItIsGone() throws IOException {
    try {
      for (int step = 0; step < 1500; step++) {
        step();
      }
      for (Cursor cursor : cursors) {
        drain(cursor, 1 + random.nextInt(100_000));
      }
      drain(journal.cursorFrom(1), 1 << 20);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ", options " + options, e);
    }
  }

  private void step() throws IOException {
    switch (random.nextInt(20)) {
      case 0 -> reopen();
      case 1 -> {
        clock.advance(Duration.ofMinutes(random.nextInt(30)));
        root.maintain();
      }
      case 2 -> cursors.add(journal.cursorFrom(1 + random.nextLong(journal.head() + 1)));
      case 3 -> cursors.add(journal.cursorOfLast(random.nextInt(50)));
      case 4 -> {
        if (!cursors.isEmpty()) {
          cursors.get(random.nextInt(cursors.size())).seek(1 + random.nextLong(journal.head() + 1));
        }
      }
      case 5, 6, 7, 8, 9, 10 -> {
        if (!cursors.isEmpty()) {
          check(
              cursors.get(random.nextInt(cursors.size())),
              1 + random.nextInt(1 << random.nextInt(18)));
        }
      }
      default -> append();
    }
    assertThat(journal.head()).isEqualTo(model.size());
    assertThat(journal.oldest()).isBetween(1L, journal.head() + 1);
  }

  private void append() throws IOException {
    List<TestEvent> batch = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int size = random.nextInt(1 << random.nextInt(i == 0 ? 19 : 12));
      batch.add(new TestEvent(TestEvent.payload(random.nextLong(), size)));
    }
    assertThat(journal.append(batch)).isEqualTo(model.size() + 1);
    model.addAll(batch);
  }

  private void reopen() throws IOException {
    cursors.forEach(Cursor::close);
    cursors.clear();
    if (random.nextBoolean()) {
      root.close();
      root = openRoot();
    } else {
      root.close("a");
    }
    journal = root.open("a", options, model.size());
    assertThat(journal.epoch()).isEqualTo(1);
    assertThat(journal.recovery()).isEqualTo(Recovery.NOTHING);
  }

  private void drain(Cursor cursor, int maxBytes) throws IOException {
    while (cursor.position() <= journal.head()) {
      check(cursor, maxBytes);
    }
    assertThat(cursor.poll(maxBytes)).isEqualTo(new Step.AtHead());
    cursor.close();
  }

  private void check(Cursor cursor, int maxBytes) throws IOException {
    long position = cursor.position();
    switch (cursor.poll(maxBytes)) {
      case Batch batch -> {
        assertThat(batch.firstSeq()).isEqualTo(position);
        assertThat(batch.wireLength() <= maxBytes || batch.count() == 1).isTrue();
        long[] next = {position};
        batch.forEach((seq, array, offset, length) -> {
          assertThat(seq).isEqualTo(next[0]++);
          byte[] expected = model.get((int) seq - 1).bytesAt(seq);
          assertThat(Arrays.equals(array, offset, offset + length, expected, 0, expected.length))
              .isTrue();
        });
        assertThat(cursor.position()).isEqualTo(next[0]).isEqualTo(batch.lastSeq() + 1);
        assertThat(batch.toByteArray()).hasSize(batch.wireLength());
      }
      case Step.Gap gap -> {
        assertThat(gap)
            .isEqualTo(new Step.Gap(position, journal.oldest() - 1, GapReason.RETENTION));
        assertThat(cursor.position()).isEqualTo(journal.oldest());
      }
      case Step.AtHead _ -> assertThat(position).isEqualTo(journal.head() + 1);
      case Step.Closed closed -> throw new AssertionError(closed);
    }
  }

  private JournalRoot openRoot() throws IOException {
    return JournalRoot.open(
        folder,
        new JournalRootOptions(Duration.ofMillis(1), Duration.ofDays(1), 1 << 20),
        new Machine(new FakeDisk(), clock, "boot"));
  }

  private static JournalOptions randomOptions(Random random) {
    Retention retention =
        new Retention(
            random.nextBoolean() ? Long.MAX_VALUE : 50_000 + random.nextInt(2_000_000),
            random.nextBoolean() ? Duration.ofDays(365) : Duration.ofMinutes(90));
    return new JournalOptions(
        1024 << random.nextInt(10),
        random.nextInt(1 << random.nextInt(20)),
        retention,
        random.nextBoolean() ? SyncPolicy.OS : SyncPolicy.INTERVAL);
  }
}

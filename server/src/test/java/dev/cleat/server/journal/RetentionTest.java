package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is removed from the front, and when. */
class RetentionTest {
  private static final Duration LONG = Duration.ofDays(1);

  @TempDir Path folder;
  private final FakeClock clock = new FakeClock();
  private JournalRoot root;

  @BeforeEach
  void open() throws IOException {
    root =
        JournalRoot.open(
            folder,
            new JournalRootOptions(LONG, LONG, 1 << 20),
            new Machine(new FakeDisk(), clock, "boot"));
  }

  @AfterEach
  void close() throws IOException {
    root.close();
  }

  @Test
  void theJournalStaysBelowItsLimitByWholeSegments() throws IOException {
    JournalOptions options = new JournalOptions(4096, 0, Retention.ofBytes(40_000), SyncPolicy.OS);
    Journal journal = root.create("a", options);
    for (int i = 1; i <= 1000; i++) {
      journal.append(new TestEvent(new byte[300]));
      assertThat(bytesOnDisk()).isLessThanOrEqualTo(40_000 + 4096);
    }
    assertThat(bytesOnDisk()).isGreaterThan(30_000);
    assertThat(journal.oldest()).isEqualTo(journal.segments().first().firstSeq).isGreaterThan(800);
    assertThat(Reading.of(journal, 1, 10_000).gaps())
        .containsExactly(new Step.Gap(1, journal.oldest() - 1, GapReason.RETENTION));
    assertThat(Reading.of(journal, journal.oldest(), 10_000).gaps()).isEmpty();
  }

  @Test
  void whatIsTooOldIsRemovedWithoutAnAppendButTheNewestSegmentStays() throws IOException {
    Retention hour = new Retention(1 << 30, Duration.ofHours(1));
    Journal journal = root.create("a", new JournalOptions(4096, 0, hour, SyncPolicy.OS));
    while (journal.segments().count() < 3) {
      journal.append(new TestEvent(new byte[300]));
    }
    clock.advance(Duration.ofMinutes(40));
    long secondHalf = journal.segments().last().firstSeq;
    while (journal.segments().count() < 5) {
      journal.append(new TestEvent(new byte[300]));
    }
    root.maintain();
    assertThat(journal.oldest()).isEqualTo(1);

    clock.advance(Duration.ofMinutes(30));
    root.maintain();
    assertThat(journal.oldest()).isEqualTo(secondHalf);

    clock.advance(Duration.ofDays(1));
    root.maintain();
    assertThat(journal.segments().count()).isEqualTo(1);
    assertThat(journal.oldest()).isLessThanOrEqualTo(journal.head());
    assertThat(journal.append(TestEvent.of("x"))).isEqualTo(journal.head());
  }

  @Test
  void theSizeIsKnownAfterReopening() throws IOException {
    JournalOptions all = new JournalOptions(4096, 0, Retention.UNLIMITED, SyncPolicy.OS);
    Journal journal = root.create("a", all);
    for (int i = 1; i <= 200; i++) {
      journal.append(new TestEvent(new byte[300]));
    }
    root.close("a");
    JournalOptions less = new JournalOptions(4096, 0, Retention.ofBytes(20_000), SyncPolicy.OS);
    Journal again = root.open("a", less, 200);
    root.maintain();

    assertThat(bytesOnDisk()).isBetween(12_000L, 20_000L);
    assertThat(again.head()).isEqualTo(200);
    assertThat(Reading.of(again, 1, 10_000).gaps())
        .containsExactly(new Step.Gap(1, again.oldest() - 1, GapReason.RETENTION));
  }

  private long bytesOnDisk() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("journals/a"))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }
}

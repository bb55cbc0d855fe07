package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bytes that changed on disk, files that went away: a gap over exactly what is lost, and nothing
 * else.
 */
class DamageTest {
  private static final JournalOptions SMALL =
      new JournalOptions(1024, 0, Retention.UNLIMITED, SyncPolicy.OS);

  @TempDir Path folder;
  private final List<TestEvent> events = new ArrayList<>();

  @Test
  void aFlippedByteCostsTheEventItIsInAndNoOther() throws IOException {
    fill(9, 180);
    List<Path> files = segments();
    assertThat(files).hasSizeGreaterThan(1);
    for (Path file : files.subList(0, files.size() - 1)) {
      byte[] whole = Files.readAllBytes(file);
      try (JournalRoot root = FakeDisk.root(folder)) {
        Journal journal = root.open("a", SMALL, 0);
        for (int at = 0; at < whole.length; at++) {
          byte[] flipped = whole.clone();
          flipped[at] ^= (byte) (1 << (at % 8));
          FakeDisk.overwrite(file, flipped);

          Reading reading = Reading.of(journal, 1, 300).matches(events);

          assertThat(reading.missing()).as("byte %d", at).isEqualTo(lostBy(whole, at, file));
          assertThat(reading.gaps()).allMatch(g -> g.reason() == GapReason.DAMAGED);
        }
      }
      FakeDisk.overwrite(file, whole);
    }
  }

  @Test
  void aFlippedByteBeforeTheEndOfTheNewestSegmentIsAGapAfterReopening() throws IOException {
    fill(5, 60);
    Path file = segments().getFirst();
    byte[] whole = Files.readAllBytes(file);
    int last = whole.length - Records.size(events.getLast().sizeAt(5));
    try (JournalRoot root = FakeDisk.root(folder)) {
      for (int at = 0; at < last; at++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << (at % 8));
        FakeDisk.overwrite(file, flipped);
        Journal journal = root.open("a", SMALL, 5);

        assertThat(journal.head()).as("byte %d", at).isEqualTo(5);
        assertThat(journal.epoch()).isEqualTo(1);
        assertThat(Reading.of(journal, 1, 1500).matches(events).missing())
            .as("byte %d", at)
            .isEqualTo(lostBy(whole, at, file));
        root.close("a");
      }
    }
  }

  /** The number of the record a byte is in; none for the header, which is there twice. */
  private static List<Long> lostBy(byte[] whole, int at, Path file) {
    long seq = Segment.named(file.getFileName().toString()).orElseThrow().firstSeq;
    for (int start = SegmentHeader.BYTES; start < whole.length; seq++) {
      int length = Records.length(whole, start);
      if (at >= start && at < start + length) {
        return List.of(seq);
      }
      start += length;
    }
    return List.of();
  }

  @Test
  void aHeaderLostInBothCopiesCostsTheSegment() throws IOException {
    fill(9, 180);
    Path second = segments().get(1);
    byte[] whole = Files.readAllBytes(second);
    whole[13] ^= 1;
    whole[256 + 13] ^= 1;
    FakeDisk.overwrite(second, whole);

    assertThat(reopenAndRead().gaps())
        .containsExactly(new Step.Gap(firstOf(1), firstOf(2) - 1, GapReason.DAMAGED));
  }

  @Test
  void aSegmentThatIsGoneIsAGapAndTheNextOneIsRead() throws IOException {
    fill(9, 180);
    List<Path> files = segments();
    long first = firstOf(1);
    long after = firstOf(2);
    Files.delete(files.get(1));

    assertThat(reopenAndRead().gaps())
        .containsExactly(new Step.Gap(first, after - 1, GapReason.MISSING));
  }

  @Test
  void aSegmentThatGoesAwayWhileTheJournalIsOpenIsAGapToo() throws IOException {
    fill(9, 180);
    try (JournalRoot root = FakeDisk.root(folder)) {
      Journal journal = root.open("a", SMALL, 0);
      long first = firstOf(1);
      long after = firstOf(2);
      Files.delete(segments().get(1));

      assertThat(Reading.of(journal, 1, 1 << 20).matches(events).gaps())
          .containsExactly(new Step.Gap(first, after - 1, GapReason.MISSING));
    }
  }

  @Test
  void aSegmentCutShortIsAGapUpToTheNext() throws IOException {
    fill(9, 180);
    Path second = segments().get(1);
    byte[] whole = Files.readAllBytes(second);
    int firstLength = Records.length(whole, SegmentHeader.BYTES);
    for (int kept = SegmentHeader.BYTES; kept < SegmentHeader.BYTES + firstLength + 9; kept++) {
      FakeDisk.overwrite(second, java.util.Arrays.copyOf(whole, kept));

      boolean firstKept = kept >= SegmentHeader.BYTES + firstLength;
      Reading reading = reopenAndRead();
      assertThat(reading.gaps()).hasSize(1);
      assertThat(reading.gaps().getFirst().fromSeq()).isEqualTo(firstOf(1) + (firstKept ? 1 : 0));
      assertThat(reading.gaps().getFirst().toSeq()).isEqualTo(firstOf(2) - 1);
    }
  }

  @Test
  void recordsInsideTheOutputAreNeverTakenForRecords() throws IOException {
    // The session prints its own journal's file, again and again, and that of another journal.
    fill(3, 50);
    try (JournalRoot root = FakeDisk.root(folder)) {
      JournalOptions large = new JournalOptions(1 << 20, 0, Retention.UNLIMITED, SyncPolicy.OS);
      Journal other = root.create("other", large);
      for (int i = 0; i < 20; i++) {
        other.append(new TestEvent(TestEvent.payload(i, 30)));
      }
      Journal journal = root.open("a", large, 0);
      Path own = segments().getLast();
      Path others = folder.resolve("journals/other").resolve(new Segment(1, 1).fileName());
      for (int i = 0; i < 6; i++) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        printed.write(Files.readAllBytes(others));
        printed.write(Files.readAllBytes(own));
        add(journal, new TestEvent(printed.toByteArray()));
      }
      byte[] whole = Files.readAllBytes(own);
      int start = SegmentHeader.BYTES;
      for (long seq = 1; seq < journal.head(); seq++) {
        int length = Records.length(whole, start);
        // Its length, its number and its first byte: each way to lose the record's beginning.
        for (int at : new int[] {0, 4, 5, 6, Records.headBytes(whole, start) + 1, length - 1}) {
          byte[] flipped = whole.clone();
          flipped[start + at] ^= 0x10;
          FakeDisk.overwrite(own, flipped);
          assertThat(Reading.of(journal, 1, 1 << 20).matches(events).gaps())
              .as("byte %d of record %d", at, seq)
              .containsExactly(new Step.Gap(seq, seq, GapReason.DAMAGED));
        }
        start += length;
      }
    }
  }

  @Test
  void randomDamageNeverDeliversAWrongByteOrNumber() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    fill(60, 400);
    List<byte[]> originals = new ArrayList<>();
    List<Path> files = segments();
    for (Path file : files) {
      originals.add(Files.readAllBytes(file));
    }
    try (JournalRoot root = FakeDisk.root(folder)) {
      for (int round = 0; round < 200; round++) {
        int index = random.nextInt(files.size() - 1);
        byte[] damaged = originals.get(index).clone();
        switch (random.nextInt(4)) {
          case 0 -> damaged = java.util.Arrays.copyOf(damaged, random.nextInt(damaged.length));
          case 1 -> {
            byte[] noise = new byte[1 + random.nextInt(600)];
            random.nextBytes(noise);
            int at = random.nextInt(damaged.length - noise.length);
            System.arraycopy(noise, 0, damaged, at, noise.length);
          }
          case 2 -> {
            int from = random.nextInt(damaged.length - 300);
            int length = 1 + random.nextInt(299);
            System.arraycopy(damaged, from, damaged, random.nextInt(damaged.length - 300), length);
          }
          default ->
              java.util.Arrays.fill(
                  damaged, random.nextInt(damaged.length), damaged.length, (byte) 0);
        }
        FakeDisk.overwrite(files.get(index), damaged);
        Journal journal = root.open("a", SMALL, 60);
        try {
          assertThat(journal.head()).isEqualTo(60);
          Reading.of(journal, 1 + random.nextInt(60), 1 + random.nextInt(3000)).matches(events);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + " round " + round, e);
        }
        root.close("a");
        FakeDisk.overwrite(files.get(index), originals.get(index));
      }
    }
  }

  private void fill(int count, int size) throws IOException {
    try (JournalRoot root = FakeDisk.root(folder)) {
      Journal journal = root.create("a", SMALL);
      for (int i = 0; i < count; i++) {
        add(journal, new TestEvent(TestEvent.payload(i, size)));
      }
    }
  }

  private void add(Journal journal, TestEvent event) throws IOException {
    events.add(event);
    assertThat(journal.append(event)).isEqualTo(events.size());
  }

  private Reading reopenAndRead() throws IOException {
    try (JournalRoot root = FakeDisk.root(folder)) {
      Journal journal = root.open("a", SMALL, 0);
      assertThat(journal.head()).isEqualTo(events.size());
      return Reading.of(journal, 1, 1 << 20).matches(events);
    }
  }

  private long firstOf(int segment) throws IOException {
    return Segment.named(segments().get(segment).getFileName().toString()).orElseThrow().firstSeq;
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("journals/a"))) {
      return files.sorted().toList();
    }
  }
}

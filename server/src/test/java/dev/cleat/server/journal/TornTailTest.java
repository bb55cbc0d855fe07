package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a killed process leaves: an append of which only the first bytes are in the file. */
class TornTailTest {
  @TempDir Path folder;

  @Test
  void anAppendThatWasNotCompletedIsCutWhereverItEnds() throws IOException {
    List<TestEvent> events = new ArrayList<>();
    long before;
    long after;
    try (JournalRoot root = FakeDisk.root(folder)) {
      Journal journal = root.create("a", JournalOptions.defaults());
      for (int i = 0; i < 5; i++) {
        events.add(new TestEvent(TestEvent.payload(i, 20 + i)));
        journal.append(events.get(i));
      }
      before = Files.size(segment());
      List<TestEvent> last =
          List.of(
              new TestEvent(TestEvent.payload(8, 150)), new TestEvent(TestEvent.payload(9, 40)));
      journal.append(last);
      after = Files.size(segment());
    }
    byte[] whole = Files.readAllBytes(segment());
    int firstOfBatch = Records.length(whole, (int) before);

    try (JournalRoot root = FakeDisk.root(folder)) {
      for (long cut = before; cut < after; cut++) {
        FakeDisk.overwrite(segment(), Arrays.copyOf(whole, (int) cut));
        Journal journal = root.open("a", JournalOptions.defaults(), 0);

        long kept = cut < before + firstOfBatch ? before : before + firstOfBatch;
        assertThat(journal.head()).as("cut at %d", cut).isEqualTo(kept == before ? 5 : 6);
        assertThat(journal.epoch()).as("cut at %d", cut).isEqualTo(1);
        assertThat(journal.recovery().cutBytes()).isEqualTo(cut - kept);
        assertThat(journal.recovery().newEpoch()).isFalse();
        assertThat(Files.size(segment())).isEqualTo(kept);
        long next = journal.append(TestEvent.of("next"));
        assertThat(next).isEqualTo(kept == before ? 6 : 7);
        Reading reading = Reading.of(journal, 1, 1 << 20);
        assertThat(reading.gaps()).isEmpty();
        assertThat(reading.events().get(next)).isEqualTo(TestEvent.of("next").bytesAt(next));
        root.close("a");
      }
    }
  }

  @Test
  void anEndThatIsDamagedRatherThanTornBeginsANewEpoch() throws IOException {
    try (JournalRoot root = FakeDisk.root(folder)) {
      Journal journal = root.create("a", JournalOptions.defaults());
      for (int i = 0; i < 3; i++) {
        journal.append(new TestEvent(TestEvent.payload(i, 150)));
      }
    }
    byte[] whole = Files.readAllBytes(segment());
    int last = SegmentHeader.BYTES + 2 * Records.length(whole, SegmentHeader.BYTES);

    try (JournalRoot root = FakeDisk.root(folder)) {
      for (int at = last; at < whole.length; at++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= 0x41;
        FakeDisk.overwrite(segment(), flipped);
        Journal journal = root.open("a", JournalOptions.defaults(), 0);

        // Somebody may have seen event 3: its number must not stand for another in the same epoch.
        assertThat(journal.epoch()).as("byte %d of the record", at - last).isEqualTo(2);
        assertThat(journal.head()).isEqualTo(2);
        assertThat(journal.resolve(1, 3)).isEqualTo(new Resume.EpochEnded(2));
        assertThat(journal.resolve(1, 2)).isEqualTo(new Resume.Ok());
        assertThat(journal.append(TestEvent.of("next"))).isEqualTo(3);
        assertThat(Reading.of(journal, 1, 1 << 20).gaps()).isEmpty();
        root.close("a");
        try (Stream<Path> files = Files.list(segment().getParent())) {
          files.filter(f -> !f.equals(segment())).forEach(f -> f.toFile().delete());
        }
      }
    }
  }

  private Path segment() {
    return folder.resolve("journals").resolve("a").resolve(new Segment(1, 1).fileName());
  }
}

package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When an epoch ends, and what readers of an ended one are told. */
class EpochTest {
  private static final JournalOptions OPTIONS =
      new JournalOptions(1024, 0, Retention.UNLIMITED, SyncPolicy.OS);

  private InstantSource clock = InstantSource.system();

  @TempDir Path folder;

  @Test
  void aKilledProcessEndsNoEpoch() throws IOException {
    create("a", 3);
    kill();

    try (JournalRoot root = boot("one")) {
      assertThat(root.machineCrashed()).isFalse();
      Journal journal = root.open("a", OPTIONS, 3);
      assertThat(journal.epoch()).isEqualTo(1);
      assertThat(journal.head()).isEqualTo(3);
      assertThat(journal.recovery()).isEqualTo(Recovery.NOTHING);
    }
  }

  @Test
  void aRebootAfterACleanEndEndsNoEpoch() throws IOException {
    create("a", 3);

    try (JournalRoot root = boot("two")) {
      assertThat(root.machineCrashed()).isFalse();
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(1);
    }
  }

  @Test
  void aCrashOfTheMachineEndsTheEpoch() throws IOException {
    create("a", 3);
    kill();

    try (JournalRoot root = boot("two")) {
      assertThat(root.machineCrashed()).isTrue();
      Journal journal = root.open("a", OPTIONS, 0);

      assertThat(journal.epoch()).isEqualTo(2);
      assertThat(journal.append(TestEvent.of("x"))).isEqualTo(4);
      assertThat(journal.resolve(1, 3)).isEqualTo(new Resume.Ok());
      assertThat(journal.resolve(1, 4)).isEqualTo(new Resume.EpochEnded(3));
      assertThat(journal.resolve(2, 4)).isEqualTo(new Resume.Ok());
      assertThat(journal.resolve(2, 5)).isEqualTo(new Resume.AheadOfHead(4));
      // Numbers have no sign.
      assertThat(journal.resolve(1, -1)).isEqualTo(new Resume.EpochEnded(3));
      assertThat(journal.resolve(2, -1)).isEqualTo(new Resume.AheadOfHead(4));
      assertThat(journal.resolve(2, Long.MAX_VALUE)).isEqualTo(new Resume.AheadOfHead(4));
      assertThat(journal.resolve(3, 1)).isEqualTo(new Resume.UnknownEpoch(2));
      assertThat(journal.resolve(0, 1)).isEqualTo(new Resume.UnknownEpoch(2));
      assertThat(Reading.of(journal, 1, 100).events()).hasSize(4);
    }
    // Written to after the crash, in a run that ended cleanly: nothing is in doubt any more.
    try (JournalRoot root = boot("two")) {
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
  }

  /** What its owner knows of it may be from before that, too. */
  @Test
  void whatCameAfterASealMayBeLost() throws IOException {
    try (JournalRoot root = boot("one")) {
      Journal journal = root.create("a", OPTIONS);
      journal.append(TestEvent.of("before"));
      journal.seal();
      journal.append(TestEvent.of("kept"));
      journal.append(TestEvent.of("seen, and torn"));
    }
    Path segment = segments().getFirst();
    byte[] bytes = Files.readAllBytes(segment);
    Files.write(segment, Arrays.copyOf(bytes, bytes.length - 2));
    kill();

    try (JournalRoot root = boot("two")) {
      Journal journal = root.open("a", OPTIONS, 1);
      assertThat(journal.append(TestEvent.of("another"))).isEqualTo(3);
      assertThat(journal.resolve(1, 3)).isEqualTo(new Resume.EpochEnded(2));
      assertThat(journal.resolve(1, 2)).isEqualTo(new Resume.Ok());
      assertThat(journal.resolve(1, 1)).isEqualTo(new Resume.Ok());
      assertThat(Reading.of(journal, 1, 100).gaps()).isEmpty();
    }
  }

  @Test
  void aCrashIsRememberedForJournalsThatWereNotOpenedSince() throws IOException {
    create("a", 3);
    kill();
    boot("two").close();
    kill();
    boot("two").close();
    try (JournalRoot root = boot("three")) {
      assertThat(root.machineCrashed()).isFalse();

      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
    try (JournalRoot root = boot("three")) {
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
  }

  @Test
  void journalsWithoutTheirRootsMarkAreNotTrusted() throws IOException {
    clock = InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"));
    create("a", 3);
    Files.delete(folder.resolve("run"));

    try (JournalRoot root = boot("one")) {
      assertThat(root.machineCrashed()).isTrue();
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
  }

  @Test
  void journalsOfAClockThatIsAheadAreNotTrustedWithoutTheirRootsMark() throws IOException {
    clock = InstantSource.offset(clock, Duration.ofDays(1));
    create("a", 3);
    clock = InstantSource.system();
    Files.delete(folder.resolve("run"));

    try (JournalRoot root = boot("one")) {
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
    try (JournalRoot root = boot("one")) {
      assertThat(root.open("a", OPTIONS, 0).epoch()).isEqualTo(2);
    }
  }

  @Test
  void numbersKnownToHaveBeenGivenOutAreNotGivenOutAgain() throws IOException {
    create("a", 3);

    try (JournalRoot root = boot("one")) {
      Journal journal = root.open("a", OPTIONS, 7);
      assertThat(journal.epoch()).isEqualTo(2);
      assertThat(journal.head()).isEqualTo(7);
      assertThat(journal.append(TestEvent.of("x"))).isEqualTo(8);
      assertThat(journal.resolve(1, 7)).isEqualTo(new Resume.Ok());
      assertThat(journal.resolve(1, 8)).isEqualTo(new Resume.EpochEnded(7));
      assertThat(Reading.of(journal, 2, 100).gaps())
          .containsExactly(new Step.Gap(4, 7, GapReason.TAIL_LOST));
      assertThat(Reading.of(journal, 5, 100).gaps())
          .containsExactly(new Step.Gap(5, 7, GapReason.TAIL_LOST));
    }
  }

  @Test
  void epochsWithoutEventsLeaveNoTrace() throws IOException {
    create("a", 0);
    for (String boot : List.of("two", "three", "four")) {
      kill(boot + "before");
      try (JournalRoot root = boot(boot)) {
        root.open("a", OPTIONS, 0);
      }
    }
    try (JournalRoot root = boot("four")) {
      Journal journal = root.open("a", OPTIONS, 0);
      assertThat(journal.epoch()).isEqualTo(4);
      assertThat(journal.head()).isZero();
      assertThat(journal.append(TestEvent.of("x"))).isEqualTo(1);
      assertThat(Reading.of(journal, 1, 100).gaps()).isEmpty();
      assertThat(journal.resolve(2, 1)).isEqualTo(new Resume.EpochEnded(0));
      assertThat(journal.resolve(2, 0)).isEqualTo(new Resume.Ok());
    }
  }

  @Test
  void retentionDoesNotForgetWhereAnEpochEnded() throws IOException {
    create("a", 3);
    kill();
    try (JournalRoot root = boot("two")) {
      Journal journal = root.open("a", OPTIONS, 0);
      for (int i = 0; i < 20; i++) {
        journal.append(new TestEvent(new byte[300]));
      }
    }
    JournalOptions less = new JournalOptions(1024, 0, Retention.ofBytes(2048), SyncPolicy.OS);
    try (JournalRoot root = boot("two")) {
      Journal journal = root.open("a", less, 0);
      root.maintain();
      assertThat(journal.oldest()).isGreaterThan(10);

      assertThat(journal.resolve(1, 4)).isEqualTo(new Resume.EpochEnded(3));
      assertThat(journal.resolve(1, 3)).isEqualTo(new Resume.Ok());
    }
  }

  @Test
  void aNewestSegmentThatCannotBeReadEndsTheEpochAndStays() throws IOException {
    create("a", 3);
    Path segment = segments().getFirst();
    byte[] bytes = Files.readAllBytes(segment);
    Arrays.fill(bytes, 0, SegmentHeader.BYTES, (byte) 0);
    Files.write(segment, bytes);

    try (JournalRoot root = boot("one")) {
      Journal journal = root.open("a", OPTIONS, 3);
      assertThat(journal.epoch()).isEqualTo(2);
      assertThat(journal.append(TestEvent.of("x"))).isEqualTo(4);
      assertThat(Reading.of(journal, 1, 100).gaps())
          .containsExactly(new Step.Gap(1, 3, GapReason.DAMAGED));
    }
    assertThat(segments()).hasSize(2);
  }

  private void create(String id, int events) throws IOException {
    try (JournalRoot root = boot("one")) {
      Journal journal = root.create(id, OPTIONS);
      for (int i = 0; i < events; i++) {
        journal.append(TestEvent.of("event " + i));
      }
    }
  }

  /** Leaves the folder as a server leaves it that ended in the middle of boot one. */
  private void kill() throws IOException {
    kill("one");
  }

  private void kill(String bootId) throws IOException {
    JournalRoot root = boot(bootId);
    byte[] running = Files.readAllBytes(folder.resolve("run"));
    root.close();
    Files.write(folder.resolve("run"), running);
  }

  private JournalRoot boot(String bootId) throws IOException {
    return JournalRoot.open(
        folder, JournalRootOptions.defaults(), new Machine(new FakeDisk(), clock, bootId));
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("journals/a"))) {
      return files.sorted().toList();
    }
  }
}

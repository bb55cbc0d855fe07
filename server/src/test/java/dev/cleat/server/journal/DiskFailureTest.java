package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, or cannot be written. */
class DiskFailureTest {
  private static final JournalOptions SMALL =
      new JournalOptions(4096, 1024, Retention.UNLIMITED, SyncPolicy.INTERVAL);

  @TempDir Path folder;

  @Test
  void aFullDiskFailsTheAppendAndNothingElse() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    FakeDisk disk = new FakeDisk();
    List<TestEvent> events = new ArrayList<>();
    try (JournalRoot root = open(disk)) {
      Journal journal = root.create("a", SMALL);
      for (int i = 0; i < 2000; i++) {
        disk.room.set(random.nextInt(4) == 0 ? random.nextInt(1500) : Long.MAX_VALUE);
        TestEvent event = new TestEvent(TestEvent.payload(i, random.nextInt(1000)));
        try {
          assertThat(journal.append(event)).as("seed %d", seed).isEqualTo(events.size() + 1);
          events.add(event);
        } catch (JournalFullException e) {
          assertThat(journal.head()).as("seed %d", seed).isEqualTo(events.size());
          assertThat(e).hasMessageContaining("no room").hasMessageNotContaining(folder.toString());
        }
      }
      assertThat(Reading.of(journal, 1, 10_000).matches(events).gaps()).isEmpty();
    }
    disk.room.set(Long.MAX_VALUE);
    try (JournalRoot root = open(disk)) {
      Journal journal = root.open("a", SMALL, events.size());
      assertThat(journal.epoch()).isEqualTo(1);
      assertThat(Reading.of(journal, 1, 10_000).matches(events).gaps()).isEmpty();
    }
  }

  @Test
  void aFileSystemThatIsReallyFullIsToldAndTheSessionGoesOnWhenThereIsRoom() throws Exception {
    Path mount = Files.createDirectory(folder.resolve("mount"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=256k", "cleat", mount.toString()) == 0,
        "mounting needs root");
    try (JournalRoot root = JournalRoot.open(mount, JournalRootOptions.defaults())) {
      Path ballast = mount.resolve("ballast");
      Files.write(ballast, new byte[100 << 10]);
      Journal journal = root.create("a", SMALL);
      List<TestEvent> events = new ArrayList<>();
      assertThatThrownBy(
              () -> {
                while (true) {
                  TestEvent event = new TestEvent(TestEvent.payload(events.size(), 900));
                  journal.append(event);
                  events.add(event);
                }
              })
          .isInstanceOf(JournalFullException.class);
      assertThatThrownBy(() -> root.create("b", SMALL)).isInstanceOf(JournalFullException.class);
      assertThat(events).hasSizeGreaterThan(20);

      // Emptied first: a process that another test starts has the file open for a moment.
      Files.write(ballast, new byte[0]);
      Files.delete(ballast);
      TestEvent next = TestEvent.of("there is room again");
      assertThat(journal.append(next)).isEqualTo(events.size() + 1);
      events.add(next);
      assertThat(Reading.of(journal, 1, 10_000).matches(events).gaps()).isEmpty();
    } finally {
      notBusy("umount", mount.toString());
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsAnErrorThatNamesIt() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> JournalRoot.open(file, JournalRootOptions.defaults()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("file");

    Path mount = Files.createDirectory(folder.resolve("mount"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1m", "cleat", mount.toString()) == 0,
        "mounting needs root");
    try {
      try (JournalRoot root = JournalRoot.open(mount, JournalRootOptions.defaults())) {
        root.create("a", SMALL).append(TestEvent.of("x"));
      }
      notBusy("mount", "-o", "remount,ro", mount.toString());

      assertThatThrownBy(() -> JournalRoot.open(mount, JournalRootOptions.defaults()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(mount.toString());
      assertThat(run("mount", "-o", "remount,rw", mount.toString())).isZero();
      try (JournalRoot root = JournalRoot.open(mount, JournalRootOptions.defaults())) {
        assertThat(root.open("a", SMALL, 1).head()).isEqualTo(1);
      }
    } finally {
      notBusy("umount", mount.toString());
    }
  }

  @Test
  void aMarkThatCannotBeReadStopsTheStartAndIsNamed() throws IOException {
    open(new FakeDisk()).close();
    Files.writeString(folder.resolve("run"), "run=yesterday\n");

    assertThatThrownBy(() -> open(new FakeDisk()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.resolve("run").toString())
        .hasMessageContaining("damaged");
  }

  @Test
  void aSegmentThatCannotBeReadIsAnErrorThatNamesIt() throws IOException {
    try (JournalRoot root = open(new FakeDisk())) {
      root.create("a", SMALL).append(TestEvent.of("x"));
      root.close("a");
      // Permissions do not bind the superuser; a folder cannot be read by anyone.
      Path segment = folder.resolve("journals/a").resolve(new Segment(2, 1).fileName());
      Files.createDirectory(segment);

      assertThatThrownBy(() -> root.open("a", SMALL, 1))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(segment.toString());
      Files.delete(segment);
      assertThat(root.open("a", SMALL, 1).head()).isEqualTo(1);
    }
  }

  @Test
  void anInterruptIsNotTakenForAFailedSync() throws IOException {
    try (JournalRoot root = JournalRoot.open(folder, JournalRootOptions.defaults())) {
      Journal journal = root.create("a", SMALL);
      journal.append(TestEvent.of("x"));
      Thread.currentThread().interrupt();
      journal.seal();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(journal.durableHead()).isEqualTo(1);
    }
  }

  @Test
  void anEmptyFolderIsNotTakenForAnEmptyJournal() throws IOException {
    try (JournalRoot root = open(new FakeDisk())) {
      Files.createDirectory(folder.resolve("journals/a"));

      assertThatThrownBy(() -> root.open("a", SMALL, 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no segments");
      assertThatThrownBy(() -> root.create("a", SMALL)).isInstanceOf(IOException.class);
    }
  }

  private JournalRoot open(FakeDisk disk) throws IOException {
    return JournalRoot.open(
        folder, JournalRootOptions.defaults(), new Machine(disk, InstantSource.system(), "boot"));
  }

  /** A process that another test starts has this one's files open for a moment. */
  private static void notBusy(String... command) {
    await().until(() -> run(command) == 0);
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}

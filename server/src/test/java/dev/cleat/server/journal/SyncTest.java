package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.server.boot.JsonLog;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.telemetry.Tracing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is visible when, and what is durable when. */
class SyncTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();
  private JournalRoot root;

  @BeforeEach
  void open() throws IOException {
    root = open(Duration.ofMillis(5));
  }

  @AfterEach
  void close() throws IOException {
    disk.forcePermits.release(1_000_000);
    disk.failForce = false;
    root.close();
  }

  @Test
  void cursorMayBeginBehindWhatIsNotVisibleYet() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.ALWAYS));
    disk.forcePermits = new Semaphore(0);
    long unseen = journal.append(TestEvent.of("unseen"));
    try (Cursor cursor = journal.cursorFrom(unseen + 1)) {
      assertThat(cursor.poll(100)).isEqualTo(new Step.AtHead());
      disk.forcePermits.release(1_000_000);
      journal.awaitVisible(unseen);
      assertThat(cursor.poll(100)).isEqualTo(new Step.AtHead());

      journal.awaitVisible(journal.append(TestEvent.of("seen")));
      assertThat(cursor.poll(100)).isInstanceOf(Batch.class);
      assertThat(cursor.position()).isEqualTo(unseen + 2);
    }
    assertThatThrownBy(() -> journal.cursorFrom(journal.nextSeq() + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void alwaysShowsNothingBeforeItIsSynced() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.ALWAYS));
    disk.forcePermits = new Semaphore(0);
    try (Cursor cursor = journal.cursorFromOldest()) {
      long seq = journal.append(TestEvent.of("x"));

      await().until(() -> disk.forcePermits.hasQueuedThreads());
      assertThat(journal.head()).isZero();
      assertThat(journal.nextSeq()).isEqualTo(2);
      assertThat(cursor.poll(100)).isEqualTo(new Step.AtHead());
      assertThat(cursor.arm()).isTrue();

      disk.forcePermits.release(1_000_000);
      assertThat(cursor.await(LONG)).isTrue();
      journal.awaitVisible(seq);
      assertThat(journal.durableHead()).isEqualTo(1);
      assertThat(cursor.poll(100)).isInstanceOf(Batch.class);
    }
  }

  @Test
  void appendsDuringASyncShareTheNextOne() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.ALWAYS));
    disk.forcePermits = new Semaphore(0);
    journal.append(TestEvent.of("x"));
    await().until(() -> disk.forcePermits.hasQueuedThreads());
    int before = disk.forced.size();
    for (int i = 0; i < 50; i++) {
      journal.append(TestEvent.of("y"));
    }

    disk.forcePermits.release(1_000_000);
    journal.awaitVisible(51);

    assertThat(disk.forced.size() - before).isEqualTo(2);
  }

  @Test
  void aFailedSyncIsToldToWhoeverWaitsAndNothingBecomesVisible() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.ALWAYS));
    journal.append(TestEvent.of("x"));
    journal.awaitVisible(1);
    disk.failForce = true;

    journal.append(TestEvent.of("y"));

    assertThatThrownBy(() -> journal.awaitVisible(2))
        .isInstanceOf(IOException.class)
        .hasRootCauseMessage("Input/output error");
    assertThat(journal.head()).isEqualTo(1);
    assertThatThrownBy(() -> journal.append(TestEvent.of("z"))).isInstanceOf(IOException.class);
    disk.failForce = false;
    // What failed once may have been dropped by the system: it is not called durable later.
    assertThatThrownBy(journal::seal)
        .isInstanceOf(IOException.class)
        .hasRootCauseMessage("Input/output error");
    assertThatThrownBy(root::close).hasMessageContaining("could not be synced");
    root = open(Duration.ofMillis(5));
    assertThat(root.open("a", with(SyncPolicy.ALWAYS), 1).epoch()).isEqualTo(1);
  }

  /** The thread that syncs works for all journals. */
  @Test
  void aFailedSyncIsLoggedAsOfTheSessionThatTheJournalWasOpenedFor() throws Exception {
    final Journal journal;
    try (LogFields.Scope _ = LogFields.about("acme", "first", "a-turn", Tracing.off())) {
      journal = root.create("logged", with(SyncPolicy.ALWAYS));
    }
    disk.failForce = true;
    try (JsonLog log = new JsonLog()) {
      journal.append(TestEvent.of("x"));

      JsonNode about = log.awaitFields("Syncing journal logged failed");
      assertThat(about.path("tenant").asText()).isEqualTo("acme");
      assertThat(about.path("session").asText()).isEqualTo("first");
      assertThat(about.has("turn")).isFalse();
    }
    disk.failForce = false;
    assertThatThrownBy(root::close).hasMessageContaining("could not be synced");
    root = open(Duration.ofMillis(5));
  }

  @Test
  void intervalShowsAtOnceAndIsDurableSoonAfter() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.INTERVAL));
    disk.forcePermits = new Semaphore(0);
    for (int i = 1; i <= 100; i++) {
      journal.append(TestEvent.of("x"));
      assertThat(journal.head()).isEqualTo(i);
    }
    await().until(() -> disk.forcePermits.hasQueuedThreads());
    assertThat(journal.durableHead()).isZero();

    disk.forcePermits.release(1_000_000);
    await().until(() -> journal.durableHead() == 100);
  }

  @Test
  void everySegmentIsSyncedBeforeItsEventsCountAsDurable() throws Exception {
    JournalOptions small = new JournalOptions(1024, 0, Retention.UNLIMITED, SyncPolicy.OS);
    Journal journal = root.create("a", small);
    for (int i = 0; i < 10; i++) {
      journal.append(new TestEvent(new byte[400]));
    }
    assertThat(disk.forced).noneMatch(p -> p.toString().endsWith(".seg"));
    assertThat(journal.durableHead()).isZero();

    journal.seal();

    assertThat(journal.durableHead()).isEqualTo(10);
    List<Path> expected = new ArrayList<>();
    journal.segments().all().forEach(s -> expected.add(journal.folder().resolve(s.fileName())));
    expected.add(journal.folder());
    assertThat(expected).hasSizeGreaterThan(4);
    assertThat(disk.forced).containsSubsequence(expected);
  }

  @Test
  void manyDirtyJournalsAreSyncedTogether() throws Exception {
    root.close();
    root = open(Duration.ofMillis(200));
    List<Journal> journals = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      journals.add(root.create("j" + i, with(SyncPolicy.INTERVAL)));
    }
    await().until(() -> journals.stream().allMatch(Journal::isSynced));
    disk.forced.clear();
    for (Journal journal : journals) {
      journal.append(TestEvent.of("x"));
    }
    await().until(() -> journals.stream().allMatch(journal -> journal.durableHead() == 1));
    assertThat(disk.fileSystemSyncs).hasValueGreaterThanOrEqualTo(1);
    assertThat(disk.forced).hasSizeLessThan(30);
  }

  @Test
  void withoutASyncForTheWholeFileSystemEachFileIsSynced() throws Exception {
    disk.fileSystemSync = false;
    List<Journal> journals = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      journals.add(root.create("j" + i, with(SyncPolicy.INTERVAL)));
      journals.getLast().append(TestEvent.of("x"));
    }
    await().until(() -> journals.stream().allMatch(journal -> journal.durableHead() == 1));
    for (Journal journal : journals) {
      assertThat(disk.forced)
          .contains(journal.folder().resolve(journal.segments().last().fileName()));
    }
  }

  @Test
  void theFileSystemOfTheFolderCanBeSynced() throws IOException {
    assertThat(FileSystemSync.sync(folder))
        .isEqualTo(System.getProperty("os.name").equals("Linux"));
    if (System.getProperty("os.name").equals("Linux")) {
      assertThatThrownBy(() -> FileSystemSync.sync(folder.resolve("none")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("errno 2");
    }
  }

  @Test
  void aSyncInProgressKeepsNeitherTheWriterNorReadersWaiting() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.INTERVAL));
    disk.forcePermits = new Semaphore(0);
    journal.append(TestEvent.of("x"));
    await().until(() -> disk.forcePermits.hasQueuedThreads());

    // All of this returns while the sync is held up.
    journal.append(TestEvent.of("y"));
    assertThat(Reading.of(journal, 1, 100).events()).hasSize(2);
    assertThat(disk.forcePermits.hasQueuedThreads()).isTrue();
  }

  @Test
  void closingAJournalEndsAWaitForVisibility() throws Exception {
    Journal journal = root.create("a", with(SyncPolicy.ALWAYS));
    disk.forcePermits = new Semaphore(0);
    long seq = journal.append(TestEvent.of("x"));
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(() -> {
          try {
            journal.awaitVisible(seq);
          } catch (IOException | InterruptedException e) {
            thrown.set(e);
          }
          done.countDown();
        });
    await().until(() -> journal.bells().count() == 1);

    root.delete("a");

    done.await();
    assertThat(thrown.get())
        .isInstanceOfSatisfying(
            JournalClosedException.class, e -> assertThat(e.deleted()).isTrue());
  }

  private static JournalOptions with(SyncPolicy policy) {
    return JournalOptions.of(Retention.UNLIMITED, policy);
  }

  private JournalRoot open(Duration interval) throws IOException {
    return JournalRoot.open(
        folder,
        new JournalRootOptions(interval, LONG, 1 << 20),
        new Machine(disk, InstantSource.system(), "boot"));
  }
}

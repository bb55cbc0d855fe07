package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalRootTest {
  private static final JournalOptions OPTIONS = JournalOptions.defaults();

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
  void aSecondServerOnTheSameFolderIsRefused() throws Exception {
    assertThatThrownBy(() -> FakeDisk.root(folder))
        .isInstanceOf(JournalRootInUseException.class)
        .hasMessageContaining(folder.toString());

    Process other =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                OpeningServer.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(new File(folder.toFile(), "other.log"))
            .start();
    assertThat(other.waitFor()).as(Files.readString(folder.resolve("other.log"))).isEqualTo(7);

    root.close();
    root = FakeDisk.root(folder);
  }

  /** Another process; ends with 7 when it is refused. */
  static final class OpeningServer {
    private OpeningServer() {}

    public static void main(String[] args) throws IOException {
      try (JournalRoot _ = JournalRoot.open(Path.of(args[0]), JournalRootOptions.defaults())) {
        System.exit(1);
      } catch (JournalRootInUseException e) {
        System.exit(7);
      }
    }
  }

  @Test
  void journalsAreMadeListedOpenedAndDeletedByName() throws IOException {
    root.create("a", OPTIONS).append(TestEvent.of("x"));
    root.create("b", OPTIONS);

    assertThat(root.list()).containsExactlyInAnyOrder("a", "b");
    assertThatThrownBy(() -> root.open("a", OPTIONS, 0)).isInstanceOf(IllegalStateException.class);
    root.close("a");
    assertThatThrownBy(() -> root.create("a", OPTIONS))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(root.open("a", OPTIONS, 1).head()).isEqualTo(1);
    assertThat(root.delete("a")).isTrue();
    assertThat(root.delete("a")).isFalse();
    assertThatThrownBy(() -> root.open("a", OPTIONS, 0)).isInstanceOf(NoSuchFileException.class);
    assertThat(root.list()).containsExactly("b");
    assertThat(root.create("a", OPTIONS).head()).isZero();
  }

  @Test
  void namesThatArePathsAreRefused() {
    for (String id : List.of("", ".", "..", "../a", "a/b", "/tmp", "a\0", "a.b", "a".repeat(129))) {
      assertThatThrownBy(() -> root.create(id, OPTIONS))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> root.open(id, OPTIONS, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> root.delete(id)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatACrashLeavesHalfDoneIsNotAJournalAndGoesAway() throws IOException {
    root.close();
    for (String half : List.of("drafts/new", "tombs/old.1")) {
      Files.createDirectories(folder.resolve(half));
      Files.createFile(folder.resolve(half).resolve("00000000000000000001-1.seg"));
    }

    root = FakeDisk.root(folder);

    assertThat(root.list()).isEmpty();
    assertThat(folder.resolve("drafts")).isEmptyDirectory();
    assertThat(folder.resolve("tombs")).isEmptyDirectory();
    assertThat(root.create("new", OPTIONS).append(TestEvent.of("x"))).isEqualTo(1);
  }

  @Test
  void aClosedRootTakesNothingMore() throws IOException {
    Journal journal = root.create("a", OPTIONS);
    root.close();

    assertThatThrownBy(() -> journal.append(TestEvent.of("x")))
        .isInstanceOf(JournalClosedException.class);
    assertThatThrownBy(() -> root.create("b", OPTIONS)).isInstanceOf(JournalClosedException.class);
    assertThatThrownBy(() -> root.open("a", OPTIONS, 0)).isInstanceOf(JournalClosedException.class);
  }

  @Test
  void filesThatAreNotSegmentsAreLeftAlone() throws IOException {
    root.create("a", OPTIONS).append(TestEvent.of("x"));
    root.close("a");
    Path stranger = Files.createFile(folder.resolve("journals/a/notes.seg"));
    Journal journal = root.open("a", OPTIONS, 1);

    assertThat(Reading.of(journal, 1, 100).events()).hasSize(1);
    assertThat(stranger).exists();
  }

  @Test
  void openJournalsThatAreIdleHoldNoDescriptor() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    assumeTrue(Files.isDirectory(descriptors), "needs /proc");
    for (int i = 0; i < 50; i++) {
      root.create("j" + i, OPTIONS).append(TestEvent.of("x"));
    }
    assertThat(descriptorsInFolder(descriptors)).isEqualTo(50);
    root.maintain();
    root.maintain();
    assertThat(descriptorsInFolder(descriptors)).isZero();
  }

  private long descriptorsInFolder(Path descriptors) throws IOException {
    long count = 0;
    try (var links = Files.newDirectoryStream(descriptors)) {
      for (Path link : links) {
        try {
          count += Files.readSymbolicLink(link).startsWith(folder.resolve("journals")) ? 1 : 0;
        } catch (NoSuchFileException e) {
          // Closed since it was listed, by another test.
        }
      }
    }
    return count;
  }

  @Test
  void tryingToWriteLeavesNothingAndFailsWithoutRoom(@TempDir Path folder) throws Exception {
    FakeDisk disk = new FakeDisk();
    try (JournalRoot root =
        JournalRoot.open(
            folder,
            JournalRootOptions.defaults(),
            new Machine(disk, InstantSource.system(), "boot"))) {
      root.tryWriting();
      disk.room.set(0);
      assertThatThrownBy(root::tryWriting).isInstanceOf(IOException.class);
      disk.room.set(Long.MAX_VALUE);
      root.tryWriting();
      assertThat(root.list()).isEmpty();
      assertThat(folder.resolve("drafts")).isEmptyDirectory();
    }
  }
}

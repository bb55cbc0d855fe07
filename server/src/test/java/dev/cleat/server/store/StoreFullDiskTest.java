package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A full disk is said as such, changes nothing, and is over when there is room again. */
class StoreFullDiskTest {
  @TempDir Path folder;
  private SmallDisk disk;
  private Path file;

  @BeforeEach
  void mount() throws Exception {
    disk = SmallDisk.mount(Files.createDirectory(folder.resolve("disk")), 2048);
    file = disk.folder().resolve("cleat.db");
  }

  @AfterEach
  void unmount() throws Exception {
    // Null where no disk could be mounted and the test was skipped.
    if (disk != null) {
      disk.unmount();
    }
  }

  @Test
  void aRunningStoreRefusesAndGoesOn() throws Exception {
    List<String> inserted = new ArrayList<>();
    try (Store store = Store.open(file)) {
      insert(store, inserted);
      disk.fill();
      // More than once: each refusal may make room, by what was written being put in order.
      for (int i = 0; i < 3; i++) {
        String refused = insertUntilFull(store, inserted);
        assertThat(store.sessionIds()).isEqualTo(inserted);
        assertThat(store.session(refused)).isEmpty();
        assertThat(store.secret(inserted.getFirst())).hasValue(SECRET);
      }

      disk.free();
      insert(store, inserted);
    }
    try (Store store = Store.open(file)) {
      assertThat(store.sessionIds()).isEqualTo(inserted);
    }
  }

  private static void insert(Store store, List<String> inserted) {
    String id = "s" + inserted.size();
    assertThat(store.insertSession(session(id, null, inserted.size()), SECRET, null))
        .isEqualTo(new InsertResult.Inserted());
    inserted.add(id);
  }

  /** Returns the id that was refused. */
  private static String insertUntilFull(Store store, List<String> inserted) {
    while (inserted.size() < 100_000) {
      try {
        insert(store, inserted);
      } catch (StoreFullException full) {
        return "s" + inserted.size();
      }
    }
    throw new AssertionError("the disk never became full");
  }

  @Test
  void aStoreThatIsClosedOnAFullDiskHasEverything() throws Exception {
    List<String> inserted = new ArrayList<>();
    try (Store store = Store.open(file)) {
      insert(store, inserted);
      disk.fill();
      insertUntilFull(store, inserted);
    }
    disk.free();
    try (Store store = Store.open(file)) {
      assertThat(store.sessionIds()).isEqualTo(inserted);
    }
  }

  @Test
  void openingSaysThatTheDiskIsFull() throws Exception {
    try (Store store = Store.open(file)) {
      store.insertSession(session("s1"), SECRET, null);
    }
    // Again, if a process that another test starts kept what the store has given back.
    await()
        .untilAsserted(() -> {
          disk.fill();
          assertThatThrownBy(() -> Store.open(file).close())
              .isInstanceOf(StoreFullException.class)
              .hasMessageContaining(file.toString());
        });

    disk.free();
    try (Store store = Store.open(file)) {
      assertThat(store.sessionIds()).containsExactly("s1");
    }
  }

  @Test
  void aStoreThatCouldNotBeMadeIsMadeLater() throws Exception {
    disk.fill();
    assertThatThrownBy(() -> Store.open(file)).isInstanceOf(StoreFullException.class);
    assertThat(file).doesNotExist();

    disk.free();
    Store.open(file).close();
    try (Stream<Path> files = Files.list(disk.folder())) {
      assertThat(files).containsExactly(file);
    }
  }
}

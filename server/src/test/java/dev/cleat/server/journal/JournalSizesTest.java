package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is heard of the sizes of journals is what their files have. */
class JournalSizesTest {
  private static final JournalOptions SMALL =
      new JournalOptions(64 << 10, 0, new Retention(200 << 10, Duration.ofDays(1)), SyncPolicy.OS);

  @TempDir Path folder;
  private final Map<String, AtomicLong> heard = new ConcurrentHashMap<>();

  private JournalRoot root() throws IOException {
    heard.clear();
    return JournalRoot.open(
        folder,
        JournalRootOptions.defaults(),
        name -> heard.computeIfAbsent(name, _ -> new AtomicLong())::addAndGet);
  }

  private long onDisk(String name) throws IOException {
    final Path journal = folder.resolve("journals").resolve(name);
    if (!Files.exists(journal)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(journal)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private void assertHeard(String name) throws IOException {
    assertThat(heard).containsKey(name);
    assertThat(heard.getOrDefault(name, new AtomicLong(-1)).get()).isEqualTo(onDisk(name));
  }

  private static void fill(Journal journal, int events) throws IOException {
    for (int i = 0; i < events; i++) {
      journal.append(new TestEvent(TestEvent.payload(i, 1000)));
    }
  }

  @Test
  void whileItGrowsIsCutBackAndIsDeleted() throws IOException {
    try (JournalRoot root = root()) {
      final Journal journal = root.create("a", SMALL);
      assertHeard("a");
      fill(journal, 10);
      assertHeard("a");
      fill(journal, 1000);
      assertHeard("a");
      root.maintain();
      assertHeard("a");
      assertThat(onDisk("a")).isLessThan(300 << 10);
      fill(root.create("b", SMALL), 5);
      root.delete("a");
      assertHeard("a");
      assertHeard("b");
      root.close("b");
      root.delete("b");
      assertHeard("b");
      assertThat(onDisk("b")).isZero();
    }
  }

  @Test
  void afterARestartAlsoOfOneWithADamagedEnd() throws IOException {
    try (JournalRoot root = root()) {
      fill(root.create("whole", SMALL), 300);
      fill(root.create("torn", SMALL), 3);
      fill(root.create("damaged", SMALL), 3);
    }
    final byte[] torn = Files.readAllBytes(only("torn"));
    Files.write(only("torn"), Arrays.copyOf(torn, torn.length - 100));
    final byte[] damaged = Files.readAllBytes(only("damaged"));
    damaged[damaged.length - 1500] ^= 1;
    Files.write(only("damaged"), damaged);
    try (JournalRoot root = root()) {
      for (String name : new String[] {"whole", "torn", "damaged"}) {
        assertHeard(name);
        final Journal journal = root.open(name, SMALL, 0);
        assertHeard(name);
        fill(journal, 100);
        assertHeard(name);
      }
    }
  }

  private Path only(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("journals").resolve(name))) {
      return files.findFirst().orElseThrow();
    }
  }
}

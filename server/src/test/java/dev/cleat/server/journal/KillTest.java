package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server process that is killed while it appends. */
class KillTest {
  private static final JournalOptions SMALL =
      new JournalOptions(256 << 10, 32 << 10, Retention.UNLIMITED, SyncPolicy.OS);

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(SyncPolicy.class)
  void everythingThatWasVisibleIsThereAfterKillMinusNine(SyncPolicy policy) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (JournalRoot root = JournalRoot.open(folder, JournalRootOptions.defaults())) {
      root.create("a", SMALL);
    }
    long seen = 0;
    for (int round = 0; round < 2; round++) {
      seen = runAndKill(policy, 50 + random.nextInt(400));

      try (JournalRoot root = JournalRoot.open(folder, JournalRootOptions.defaults())) {
        Journal journal = root.open("a", SMALL, 0);
        assertThat(root.machineCrashed()).isFalse();
        assertThat(journal.head()).as("seed %d", seed).isGreaterThanOrEqualTo(seen);
        assertThat(journal.epoch()).as("seed %d, %s", seed, journal.recovery()).isEqualTo(1);
        Reading reading = Reading.of(journal, 1, 100_000);
        assertThat(reading.gaps()).isEmpty();
        reading
            .events()
            .forEach((seq, bytes) -> assertThat(bytes).isEqualTo(event(seq).bytesAt(seq)));
      }
    }
    assertThat(seen).isPositive();
  }

  /** Returns the last number that the child said was visible. */
  private long runAndKill(SyncPolicy policy, int lines) throws IOException {
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                AppendingServer.class.getName(),
                folder.toString(),
                policy.name())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long seen = 0;
    try (BufferedReader reports = child.inputReader(StandardCharsets.US_ASCII)) {
      String line = reports.readLine();
      for (int i = 0; line != null; i++) {
        // Complete lines only: the last one may be cut.
        if (line.startsWith("visible ") && line.endsWith(".")) {
          seen = Long.parseLong(line.substring(8, line.length() - 1));
        }
        if (i == lines) {
          // Through the handle: the process object would close what is still to be read.
          child.toHandle().destroyForcibly();
        }
        line = reports.readLine();
      }
    } finally {
      child.destroyForcibly().onExit().join();
    }
    return seen;
  }

  private static TestEvent event(long seq) {
    return new TestEvent(TestEvent.payload(seq, (int) (seq * 7919 % 3000)));
  }

  /** Appends for ever and reports what is visible. */
  static final class AppendingServer {
    private AppendingServer() {}

    public static void main(String[] args) throws IOException, InterruptedException {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
      JournalRoot root = JournalRoot.open(Path.of(args[0]), JournalRootOptions.defaults());
      JournalOptions options =
          new JournalOptions(
              SMALL.segmentBytes(),
              SMALL.recentBytes(),
              SMALL.retention(),
              SyncPolicy.valueOf(args[1]));
      Journal journal = root.open("a", options, 0);
      while (true) {
        long next = journal.nextSeq();
        List<TestEvent> batch = new ArrayList<>();
        for (int i = 0; i < 1 + next % 4; i++) {
          batch.add(event(next + i));
        }
        journal.append(batch);
        long last = next + batch.size() - 1;
        journal.awaitVisible(last);
        out.println("visible " + last + ".");
      }
    }
  }
}

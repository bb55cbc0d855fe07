package dev.cleat.server.store;

import static dev.cleat.server.store.CrashingWriter.GROUP;
import static dev.cleat.server.store.CrashingWriter.member;
import static dev.cleat.server.store.Rows.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

class StoreCrashTest {
  private static final int CRASHES = 4;
  private static final RequestRow.Kind CREATE = RequestRow.Kind.CREATE;

  @TempDir Path folder;

  @Test
  void killedAtAnyMomentItHasEveryTransactionWholeAndAllThatWereDone(TestReporter reporter)
      throws Exception {
    long seed = System.nanoTime();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    Path file = folder.resolve("cleat.db");
    for (int crash = 0; crash < CRASHES; crash++) {
      long done = writeAndKill(file, 1 + random.nextInt(40));
      try (Store store = Store.open(file)) {
        assertWhole(store, done);
      }
    }
  }

  /** Returns the last step that the writer said was done. */
  private long writeAndKill(Path file, int steps) throws IOException, InterruptedException {
    Process writer =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-cp",
                System.getProperty("java.class.path"),
                CrashingWriter.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = writer.inputReader()) {
      String last = "0";
      for (int i = 0; i < steps; i++) {
        String line = out.readLine();
        assertThat(line).as("the writer has ended by itself").isNotNull();
        last = line;
      }
      // By its handle: the process itself would close its output too.
      writer.toHandle().destroyForcibly();
      // What it had said before it died counts too.
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        last = line;
      }
      return Long.parseLong(last);
    } finally {
      writer.destroyForcibly();
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void assertWhole(Store store, long done) {
    long head = store.metaLong("head").orElseThrow();
    long group = store.metaLong("group").orElseThrow();
    long deleted = store.metaLong("deleted").orElse(0);
    assertThat(head).isBetween(done, done + 1);
    assertThat(group).isBetween(done, head);
    assertThat(deleted).isBetween(done % 2 == 0 ? done : 0, group);

    for (long step = 1; step <= head + 1; step++) {
      String id = "s-" + step;
      // A step that was killed before its deletion leaves its session for good.
      boolean there = store.session(id).isPresent();
      assertThat(store.secret(id).isPresent()).isEqualTo(there);
      assertThat(store.request(CREATE, Rows.TENANT, id).isPresent()).isEqualTo(there);
      assertThat(there || step % 2 == 0 || step > head).as(id).isTrue();
      assertThat(there && step > head).as(id).isFalse();
      if (there) {
        assertThat(store.session(id).orElseThrow().labels()).containsEntry("owner", id);
        assertThat(store.secret(id)).hasValue(SECRET);
      }
    }
    for (int i = 0; i < GROUP; i++) {
      assertThat(store.session(member(i)).orElseThrow().foldedSeq()).isEqualTo(group);
      List<TurnRow> turns =
          store.turns(member(i), Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE).items();
      assertThat(turns).hasSize((int) group);
    }
  }
}

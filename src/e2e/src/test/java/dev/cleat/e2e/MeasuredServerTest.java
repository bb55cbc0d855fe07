package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Numbers that say that something is wrong or slow, moved by what they are there for. */
class MeasuredServerTest {
  /** In bursts, for ever: as fast as it can, it would fill the disk before the test does. */
  private static final List<String> PRINTS =
      List.of("-c", "stty raw -echo; while :; do seq 1 2000; sleep 0.01; done");

  // After the servers, which must be gone by then.
  @RegisterExtension
  @Order(1)
  final SmallDisk disk = new SmallDisk();

  @RegisterExtension
  @Order(2)
  final Servers servers = new Servers();

  @TempDir Path folder;

  private ServerProcess start(Path data, String sync) throws Exception {
    return servers.start(
        ServerCommand.on(data).flag("--admin-listen", "127.0.0.1:0").flag("--journal-sync", sync));
  }

  @Test
  void eachSyncIsTimed() throws Exception {
    ServerProcess server = start(folder.resolve("data"), "always");
    try (CleatClient client = server.client();
        Metrics metrics = new Metrics(server)) {
      Session session = client.create("bash");
      double syncs = metrics.get("cleat_journal_sync_seconds_count");
      double seconds = metrics.get("cleat_journal_sync_seconds_sum");
      session.prompt("echo written down");

      // Whoever has seen an event knows that it is on the disk.
      assertThat(metrics.get("cleat_journal_sync_seconds_count")).isGreaterThan(syncs);
      assertThat(metrics.get("cleat_journal_sync_seconds_sum")).isGreaterThan(seconds);
      Await.until("nothing waits for it", () -> metrics.get("cleat_journal_sync_waiting") == 0);
      assertThat(metrics.get("cleat_journal_sync_failures_total")).isZero();
    }
  }

  @Test
  void outputThatCannotBeWrittenDownIsCounted() throws Exception {
    ServerProcess server = start(disk.mount(folder.resolve("disk")).resolve("data"), "interval");
    try (CleatClient client = server.client();
        Metrics metrics = new Metrics(server)) {
      Session session = client.create(NewSession.of("sh").args(PRINTS));
      Transcript seen = Transcript.digesting();
      try (Attachment _ = session.attach(AttachOptions.fromBeginning().readOnly(), seen)) {
        Await.until("it prints", () -> seen.bytes() > 100_000);
        assertThat(metrics.get("cleat_output_stalls_total")).isZero();
        disk.fill();
        Await.until("it is held back", () -> metrics.get("cleat_output_stalls_total") >= 1);
        assertThat(metrics.get("cleat_journal_append_failures_total")).isPositive();
        assertThat(metrics.get("cleat_output_lost_bytes_total")).isZero();
        disk.free();
        long bytes = seen.bytes();
        Await.until("it goes on", () -> seen.bytes() > bytes);
      }
      session.stop();
    }
  }
}

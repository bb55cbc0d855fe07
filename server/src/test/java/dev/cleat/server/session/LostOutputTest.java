package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output that came when there was no room for it: nobody's, or late. */
class LostOutputTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();
  private Sessions sessions;
  private Session session;

  /** It prints seven bytes, which are held back. */
  @BeforeEach
  void print() throws Exception {
    final Path program = folder.resolve("program");
    final Path go = folder.resolve("go");
    OneToolSessions.install(
        program, "while [ ! -e '%s' ]; do sleep 0.05; done; printf 'seven b'; cat".formatted(go));
    sessions = OneToolSessions.open(folder, disk, program, new PtyTerminals());
    session = OneToolSessions.start(sessions.of("default"));
    disk.fill();
    Files.createFile(go);
    awaitCount("cleat_output_stalls", 1);
    assertThat(counted("cleat_output_lost_bytes")).isZero();
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private double counted(String name) {
    return sessions.meters().stream()
        .filter(meter -> meter.description().name().equals(name))
        .map(meter -> ((CounterSnapshot) meter.snapshot()).getDataPoints().getFirst().getValue())
        .findFirst()
        .orElseThrow();
  }

  private void awaitCount(String name, double count) {
    await().atMost(PATIENCE).until(() -> counted(name) == count);
  }

  /** As the server does it at its end, when it has waited long enough. */
  @Test
  void whatIsGivenUpIsCountedAsLost() {
    session.abandon();

    awaitCount("cleat_output_lost_bytes", 7);
    assertThat(counted("cleat_output_bytes")).isZero();
  }

  @Test
  void whatIsWrittenLateIsNot() {
    disk.free();

    awaitCount("cleat_output_bytes", 7);
    assertThat(counted("cleat_output_lost_bytes")).isZero();
  }
}

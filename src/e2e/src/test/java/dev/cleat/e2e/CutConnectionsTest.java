package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachEnd;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A network that cuts connections at any byte, in both directions. */
@Order(3)
class CutConnectionsTest {
  private static final int CUTS = Scale.of(100, 2_000);
  private static final long BYTES = 200_000_000;
  private static final int LINES = Scale.of(10_000, 100_000);

  /** About 300 bytes of it are the beginning of a connection. */
  private static final Range FROM_CLIENT = new Range(1, 2_000);

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  @Test
  void outputArrivesOnceAndWholeThroughCuts() throws Exception {
    Report report = Report.of("output through cuts");
    long seed = Scale.seed("cuts while a session prints");
    ServerProcess server = servers.start(ServerCommand.on(folder.resolve("data")).jvm("-Xmx256m"));
    Numbers numbers = Numbers.ofBytes(BYTES);
    Transcript transcript = Transcript.digesting();
    // The last comes before half of the bytes have passed, about.
    Cuts cuts = new Cuts(new Range(1, BYTES / CUTS), FROM_CLIENT, CUTS);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, seed);
        CleatClient client = ServerProcess.client(proxy.target())) {
      Session session = client.create(NewSession.of("sh").args(numbers.shell()));
      Attachment attachment = session.attach(AttachOptions.fromBeginning().readOnly(), transcript);

      assertThat(Transcript.end(attachment).reason()).isEqualTo(AttachEnd.Reason.EXITED);
      assertThat(proxy.cuts()).isGreaterThanOrEqualTo(CUTS);
      assertThat(transcript.last()).isEqualTo(session.refresh().head().seq());
    }
    transcript.assertWhole();
    assertThat(transcript.bytes()).isGreaterThanOrEqualTo(BYTES);
    assertThat(transcript.sha()).isEqualTo(numbers.sha());
    assertThat(server.errors())
        .as("clients that go away are no fault")
        .noneMatch(line -> line.contains("WARN") || line.contains("Exception"));
    report
        .add("bytes", transcript.bytes())
        .add("events", transcript.last())
        .add("reconnects", transcript.reconnects())
        .passed();
  }

  @Test
  void linesTypedThroughCutsArriveOnceAndInOrder() throws Exception {
    Report report = Report.of("input through cuts");
    long seed = Scale.seed("cuts while lines are typed");
    ServerProcess server = servers.start(folder.resolve("data"));
    StringBuilder expected = new StringBuilder();
    for (int line = 1; line <= LINES; line++) {
      expected.append("line ").append(line).append('\n');
    }
    Path typed = folder.resolve("typed");
    List<String> script =
        List.of(
            "-c",
            "stty raw -echo; printf ready; head -c %d | tee '%s'"
                .formatted(expected.length(), typed));
    Transcript transcript = Transcript.keeping();
    Cuts cuts = new Cuts(new Range(1, 4_000), FROM_CLIENT, CUTS);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, seed);
        CleatClient client = ServerProcess.client(proxy.target())) {
      Session session = client.create(NewSession.of("sh").args(script));
      try (Attachment attachment =
          session.attach(AttachOptions.fromBeginning().inputBuffer(4 << 10), transcript)) {
        Await.until("the terminal is raw", () -> transcript.text().contains("ready"));
        for (String line : expected.toString().split("(?<=\n)", -1)) {
          attachment.send(line);
        }
        assertThat(attachment.flush(Duration.ofMinutes(2))).isTrue();
        assertThat(Transcript.end(attachment).reason()).isEqualTo(AttachEnd.Reason.EXITED);
      }
      assertThat(proxy.cuts()).isGreaterThan(CUTS / 2);
    }
    transcript.assertWhole();
    assertThat(transcript.text()).isEqualTo("ready" + expected);
    assertThat(Files.readString(typed, StandardCharsets.US_ASCII)).isEqualTo(expected.toString());
    report.add("lines", LINES).add("reconnects", transcript.reconnects()).passed();
  }
}

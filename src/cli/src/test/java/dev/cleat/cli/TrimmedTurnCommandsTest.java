package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Event;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts whose turns' events the journal does not have any more. */
@TestInstance(Lifecycle.PER_CLASS)
final class TrimmedTurnCommandsTest {
  private TestServer server;
  private String id = "";

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server =
        TestServer.start(
            data, 0, Map.of("retention.bytes", "1MiB", "journal.segment_bytes", "64KiB"));
    id = server.bash("trimmed");
    assertThat(server.run("prompt", id, "--request-id", "r", "echo told; (exit 7)").code())
        .isEqualTo(7);
    long end = Printed.newestTurn(server, id).getLastSeq();
    soon()
        .until(() -> {
          server.run("prompt", id, "seq 100000").ok();
          return Printed.info(server, id).getOldestSeq() > end + 10;
        });
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--plain", "--raw", "--json", "--output=json"})
  @Timeout(60)
  void aRepeatedPromptEndsAsItsTurnDid(String form) {
    Ran ran = server.run("prompt", id, form, "--request-id", "r", "echo told; (exit 7)");

    assertThat(ran.code()).isEqualTo(7);
    assertThat(ran.out()).doesNotContain("told\n");
  }

  @Test
  @Timeout(60)
  void ofATurnThatRunsTheEventsThatThereAreArePrinted(@TempDir Path folder) throws Exception {
    Path trimmed = folder.resolve("trimmed");
    Path missed = folder.resolve("missed");
    String command =
        "until [ -e %s ]; do seq 10000; done; until [ -e %s ]; do sleep 0.01; done; echo to''ld"
            .formatted(trimmed, missed);
    String running = server.bash("running");
    server.run("prompt", running, "--no-wait", "--request-id", "running", command).ok();
    soon()
        .until(() -> {
          long first = Printed.newestTurn(server, running).getFirstSeq();
          return first > 0 && Printed.info(server, running).getOldestSeq() > first + 10;
        });
    Files.createFile(trimmed);

    // It goes on once it is said that its beginning is gone.
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OutputStream err =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            if (Files.notExists(missed)) {
              Files.createFile(missed);
            }
          }
        };
    Streams streams =
        new Streams(
            InputStream.nullInputStream(),
            out,
            err,
            () -> false,
            () -> false,
            () -> false,
            () -> {});
    int code =
        Cli.run(
            streams,
            "prompt",
            running,
            "--json",
            "--request-id",
            "running",
            "--server",
            server.target(),
            command);

    assertThat(code).isZero();
    StringBuilder output = new StringBuilder();
    for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) {
      output.append(Printed.parse(line, Event.newBuilder()).getOutput().getText());
    }
    assertThat(output.toString()).contains("10000\n", "told\n");
  }
}

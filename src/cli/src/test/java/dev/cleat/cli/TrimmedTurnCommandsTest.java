package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
}

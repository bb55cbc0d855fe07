package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Programs print what takes the server minutes to read, in more sessions than there are processors:
 * all others go on.
 */
@Isolated("keeps the processors busy")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FloodTest {
  private Path folder;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    this.folder = folder;
    server = TestServer.start(folder.resolve("data"), Map.of("admin.listen", "127.0.0.1:0"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /** A session that asks its terminal something, so that its screen is drawn, and prints this. */
  private String flooding(String flood, int bytes) throws Exception {
    final Path file = Files.createTempFile(folder, "flood", "");
    Files.writeString(file, flood.repeat(1 + bytes / flood.getBytes(UTF_8).length), UTF_8);
    return server
        .prompter()
        .create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addArgs("-c")
                .addArgs("stty raw -echo; printf '\\033[6n'; cat " + file + "; exec sleep 1000")
                .setSize(TerminalSize.newBuilder().setRows(512).setColumns(512)));
  }

  private void othersGoOnWhile(int bytes, String... floods) throws Exception {
    final List<String> flooding = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors() + floods.length; i++) {
      flooding.add(flooding(floods[i % floods.length], bytes));
    }
    final String other = server.prompter().create(CreateRequest.newBuilder().setTool("bash"));
    for (String session : flooding) {
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> server.prompter().get(session).getOutputBytes() >= bytes);
    }

    for (int i = 0; i < 5; i++) {
      assertThat(server.prompter().run(other, "echo $((41 + 1))").getState())
          .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
      assertThat(
              server
                  .sessions()
                  .getScreen(GetScreenRequest.newBuilder().setSessionId(other).build())
                  .getScreen()
                  .getLinesList())
          .extracting(ScreenLine::getText)
          .contains("42");
      assertThat(server.admin("/readyz").statusCode()).isEqualTo(200);
    }
    try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      flooding.forEach(session -> all.execute(() -> delete(session)));
    }
  }

  private void delete(String session) {
    final var _ =
        server
            .sessions()
            .delete(DeleteRequest.newBuilder().setSessionId(session).setForce(true).build());
  }

  @Test
  void whatIsExpensiveToDrawKeepsNobodyWaiting() throws Exception {
    othersGoOnWhile(
        256 << 10,
        "a" + "\u0301".repeat(31) + "\033[10000b",
        "\033#8",
        "\033[2r\033[999H" + "\n".repeat(99));
  }

  @Test
  void namesOfFilesWithoutEndKeepNobodyWaiting() throws Exception {
    othersGoOnWhile(512 << 10, ",=.png");
  }
}

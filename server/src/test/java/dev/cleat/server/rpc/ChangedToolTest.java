package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_PROMPTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.PromptStyle;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tools of which the catalogue says something else than when their session was created. */
class ChangedToolTest {
  private static final String TERMINAL =
      """
          terminal:
            ready: '^> '
            tick: '^\\* Working \\(\\d+s\\)'
            quiet: 300ms
            start_timeout: 60s
      """;

  private static void write(Path catalogue, String turns) throws Exception {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Bearer.write(
        catalogue,
        """
        tools:
          agent:
            command: [%s, -XX:TieredStopAtLevel=1, -Xshare:auto, -cp, "%s", %s, log=log]
        %s\
        """
            .formatted(
                java,
                System.getProperty("java.class.path"),
                FakeScreenAgent.class.getName(),
                turns));
  }

  private static PromptStyle style(TestServer server) {
    return server.tools().listTools(ListToolsRequest.getDefaultInstance()).getToolsList().stream()
        .filter(tool -> tool.getName().equals("agent"))
        .findFirst()
        .orElseThrow()
        .getPromptStyle();
  }

  @Test
  void restartedSessionTakesPromptsAsItsToolDoesNow(@TempDir Path folder) throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    write(catalogue, "    turns: none\n");
    try (TestServer server =
        TestServer.start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()))) {
      final Prompter prompter = server.prompter();
      final String id =
          prompter.create(
              CreateRequest.newBuilder().setTool("agent").setWorkdir(folder.toString()));
      Refused.by(() -> prompter.send(id, "too soon"))
          .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_PROMPTS);

      write(catalogue, TERMINAL);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> style(server) == PromptStyle.PROMPT_STYLE_SCREEN);
      server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());

      assertThat(prompter.run(id, "now").getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    }
  }
}

package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_PROMPTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts that a session begins with by itself. */
class StartPromptsTest {
  private static final String CATALOGUE =
      """
      tools:
        deaf: {command: [sleep, "1000"], pipes_command: [sleep, "1000"], turns: none}
        once:
          headless: {command: [sh, -c, 'printf "%s" "$1"', sh, "{prompt}"], output: plain}
      """;

  @TempDir Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(catalogue, CATALOGUE);
    server =
        TestServer.start(
            folder.resolve("data"), Map.of("catalogue", catalogue.toString(), "limits.queue", "1"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private CreateRequest.Builder request(String tool, String... prompts) {
    return CreateRequest.newBuilder()
        .setTool(tool)
        .putEnv("HOME", folder.toString())
        .addAllStartPrompts(List.of(prompts));
  }

  private Session create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession();
  }

  private List<Turn> turns(Session session) {
    return server
        .sessions()
        .listTurns(ListTurnsRequest.newBuilder().setSessionId(session.getId()).build())
        .getTurnsList()
        .reversed();
  }

  private List<Turn> ended(Session session, int count) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> turns(session),
            turns -> turns.size() == count && turns.stream().allMatch(Turn::hasEndTime));
  }

  @Test
  void theyAreTheFirstTurnsInOrderAndRunOnce() throws Exception {
    final Path log = folder.resolve("log");
    final String line = "echo %s >> " + log;
    final CreateRequest.Builder asked =
        request("bash", line.formatted("one"), line.formatted("two"), "false")
            .setRequestId("retried");

    final Session session = create(asked);
    assertThat(create(asked).getId()).isEqualTo(session.getId());

    final List<Turn> turns = ended(session, 3);
    assertThat(turns).extracting(Turn::getNumber).containsExactly(1L, 2L, 3L);
    assertThat(turns)
        .extracting(Turn::getState)
        .containsExactly(
            TurnState.TURN_STATE_SUCCEEDED,
            TurnState.TURN_STATE_SUCCEEDED,
            TurnState.TURN_STATE_FAILED);
    assertThat(turns.getFirst().getPrompt()).isEqualTo(line.formatted("one"));

    server.sessions().restart(RestartRequest.newBuilder().setSessionId(session.getId()).build());
    server
        .sessions()
        .sendPrompt(
            SendPromptRequest.newBuilder()
                .setSessionId(session.getId())
                .setPrompt(line.formatted("three"))
                .build());
    ended(session, 4);
    assertThat(Files.readAllLines(log)).containsExactly("one", "two", "three");
  }

  @Test
  void anAgentGetsThemToo() {
    final Session session = create(request("once", "first", "second"));

    assertThat(ended(session, 2))
        .extracting(Turn::getOutputPreview)
        .containsExactly("first", "second");
  }

  @Test
  void whatCannotBePromptedIsSaidBeforeAnythingIsMade() {
    Refused.by(() -> create(request("deaf", "hello")))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_NO_PROMPTS)
        .field("start_prompts");
    Refused.by(() -> create(request("bash", "fine", " ", "no\u0007bell")))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("start_prompts[1]", "start_prompts[2]");
    Refused.by(() -> create(request("sh", "x".repeat(5000))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("start_prompts[0]");
    Refused.by(() -> create(request("bash").addAllStartPrompts(Collections.nCopies(21, "true"))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("start_prompts");
    assertThat(
            server.sessions().list(dev.cleat.v1.ListRequest.getDefaultInstance()).getSessionsList())
        .isEmpty();
  }
}

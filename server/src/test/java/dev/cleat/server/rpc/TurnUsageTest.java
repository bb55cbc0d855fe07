package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_REQUEST_ID_REUSED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOO_MANY_ADDITIONS;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_ENDED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.Usage;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What turns have used of a model: counted where the tool does not say, and added by callers. */
class TurnUsageTest {
  private static final String CATALOGUE =
      """
      tools:
        echo:
          headless: {command: [sh, -c, 'printf "hello world, hello tokens"', "{prompt}"], output: plain}
        thread:
          headless:
            command: [sh, -c, '%1$s', first, "{prompt}"]
            resume: [sh, -c, '%1$s', "{session}", "{prompt}"]
            output: codex
      """
          .formatted(
              // As codex does: what the whole thread has used, 100 more with each turn.
              "echo x >> \"$HOME/turns\"; echo"
                  + " \"{\\\"type\\\":\\\"thread.started\\\",\\\"thread_id\\\":\\\"t1\\\"}\"; echo"
                  + " \"{\\\"type\\\":\\\"turn.completed\\\",\\\"usage\\\":{\\\"input_tokens\\\":$(($(wc"
                  + " -l < \"$HOME/turns\") * 100))}}\"");

  @TempDir Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(catalogue, CATALOGUE);
    server = TestServer.start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String session(String tool, String resumeToken) {
    return server
        .prompter()
        .create(
            CreateRequest.newBuilder()
                .setTool(tool)
                .setResumeToken(resumeToken)
                .putEnv("HOME", folder.toString()));
  }

  private Turn turn(String tool, String prompt) {
    return server.prompter().send(session(tool, ""), prompt);
  }

  private Usage used(String session) {
    return server.prompter().run(session, "again").getUsage();
  }

  private static Usage input(long tokens) {
    return Usage.newBuilder().setInputTokens(tokens).build();
  }

  private Turn ended(Turn turn) {
    return server.prompter().await(turn);
  }

  private static AddUsageRequest.Builder addition(Turn turn, long input, long output) {
    return AddUsageRequest.newBuilder()
        .setSessionId(turn.getSessionId())
        .setTurnId(turn.getId())
        .setUsage(Usage.newBuilder().setInputTokens(input).setOutputTokens(output))
        .setBy("a gateway");
  }

  private Turn add(AddUsageRequest.Builder request) {
    return server.sessions().addUsage(request.build()).getTurn();
  }

  private Usage usageOfSession(Turn turn) {
    return server
        .sessions()
        .get(GetRequest.newBuilder().setSessionId(turn.getSessionId()).build())
        .getSession()
        .getUsage();
  }

  @Test
  void tokensAreCountedWhereTheToolDoesNotSay() {
    final Turn turn = ended(turn("echo", "Say hello, please."));

    // As the tokenizer's own tools count: [Say][ hello][,][ please][.] and
    // [hello][ world][,][ hello][ tokens].
    final Usage counted =
        Usage.newBuilder().setInputTokens(5).setOutputTokens(5).setCounted(true).build();
    assertThat(turn.getUsage()).isEqualTo(counted);
    assertThat(usageOfSession(turn)).isEqualTo(counted);
  }

  @Test
  void threadThatCountsAsAWholeIsCountedByTheTurnWhateverIsAdded() throws Exception {
    final String session = session("thread", "");
    assertThat(used(session)).isEqualTo(input(100));
    final Turn second = server.prompter().run(session, "again");
    add(addition(second, 70, 0));
    assertThat(used(session)).isEqualTo(input(100));
    assertThat(server.prompter().get(session).getConversationUsage()).isEqualTo(input(300));
    assertThat(usageOfSession(second)).isEqualTo(input(370));

    server.close();
    start();
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(session).build());
    assertThat(used(session)).isEqualTo(input(100));
    assertThat(usageOfSession(second)).isEqualTo(input(470));
  }

  @Test
  void threadOfBeforeIsNotTheUseOfTheFirstTurnThatGoesOnWithIt() {
    final String before = session("thread", "");
    used(before);
    final String session = session("thread", "t1");

    final Usage first = used(session);
    assertThat(first.getCounted()).isTrue();
    assertThat(first.getInputTokens()).isLessThan(100);
    assertThat(used(session)).isEqualTo(input(100));
  }

  @Test
  void shellHasNoUsage() {
    assertThat(ended(turn("bash", "echo hello")).hasUsage()).isFalse();
  }

  @Test
  void additionsAddUpOnceForEachRequestAndSurviveARestart() throws Exception {
    final Turn turn = ended(turn("bash", "true"));

    add(addition(turn, 100, 10).setRequestId("first"));
    add(addition(turn, 100, 10).setRequestId("first"));
    final Turn added = add(addition(turn, 1, 2));

    assertThat(added.getUsage())
        .isEqualTo(Usage.newBuilder().setInputTokens(101).setOutputTokens(12).build());
    assertThat(added.getPrompt()).isEqualTo("true");
    assertThat(added.getAddedUsageList()).extracting("by").containsOnly("a gateway").hasSize(2);
    assertThat(usageOfSession(turn)).isEqualTo(added.getUsage());

    server.close();
    start();
    assertThat(
            server
                .sessions()
                .getTurn(
                    GetTurnRequest.newBuilder()
                        .setSessionId(turn.getSessionId())
                        .setTurnId(turn.getId())
                        .build())
                .getTurn())
        .isEqualTo(added);
    assertThat(usageOfSession(turn)).isEqualTo(added.getUsage());
    assertThat(add(addition(turn, 100, 10).setRequestId("first"))).isEqualTo(added);
  }

  @Test
  void whatCannotBeAddedIsSaid() {
    final Turn turn = ended(turn("bash", "true"));
    add(addition(turn, 1, 1).setRequestId("used"));

    Refused.by(() -> add(addition(turn, 2, 1).setRequestId("used")))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_REQUEST_ID_REUSED)
        .field("request_id");
    Refused.by(() -> add(addition(turn, 1, 1).setTurnId("nothing")))
        .with(Code.NOT_FOUND, ERROR_REASON_TURN_NOT_FOUND);
    Refused.by(() ->
            add(
                addition(turn, -1, Long.MAX_VALUE)
                    .setUsage(
                        Usage.newBuilder()
                            .setInputTokens(-1)
                            .setOutputTokens(Long.MAX_VALUE)
                            .setCostUsd(Double.NaN))
                    .setBy("x".repeat(201))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("usage.input_tokens", "usage.output_tokens", "usage.cost_usd", "by");
    Refused.by(() -> add(addition(turn, 1, 1).clearUsage()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("usage");
    Refused.by(() -> add(addition(turn("bash", "read line"), 1, 1)))
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_TURN_NOT_ENDED);
    for (int i = 1; i < 100; i++) {
      add(addition(turn, 1, 1));
    }
    Refused.by(() -> add(addition(turn, 1, 1)))
        .with(Code.RESOURCE_EXHAUSTED, ERROR_REASON_TOO_MANY_ADDITIONS);
  }
}

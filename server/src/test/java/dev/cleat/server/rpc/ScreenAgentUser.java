package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;

/** Someone who has {@link FakeScreenAgent}s work, and looks at what they do. */
final class ScreenAgentUser {
  static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(90);

  private final TestServer server;
  private final Path folder;
  private final Path log;

  /**
   * One for a single test.
   *
   * @param folder where its agents write
   */
  ScreenAgentUser(TestServer server, Path folder) {
    this.server = server;
    this.folder = folder;
    log = folder.resolve("log");
  }

  /** A server whose tools are such agents. */
  static TestServer server(Path data) throws Exception {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    final String command =
        "[%s, -XX:TieredStopAtLevel=1, -Xshare:auto, -cp, \"%s\", %s]"
            .formatted(
                java, System.getProperty("java.class.path"), FakeScreenAgent.class.getName());
    return TestServer.withTools(
        data,
        """
        tools:
          fake:
            command: %1$s
            terminal: &terminal
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              failed: '^! (sorry.*)'
              quiet: 300ms
              question_after: 3s
              start_timeout: 60s
              questions:
                - pattern: '(May I do it\\?)'
                  tool: doing
                  answers:
                    - {pattern: '1\\. (Yes.*)', kind: allow_once, keys: 1}
                    - {pattern: '2\\. (No)', kind: deny_once, keys: 2}
          typed:
            command: %1$s
            terminal:
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              quiet: 300ms
              paste: typed
              newline: ctrl-j
          late:
            command: %1$s
            terminal:
              ready: '^> '
              start_timeout: 20s
              quiet: 300ms
          files:
            command: %1$s
            terminal:
              ready: '^> '
              tick: '^\\* Working \\(\\d+s\\)'
              quiet: 300ms
              model: ["model={model}"]
              resume: ["resumes={session}"]
              session_id: {files: [$SESSIONS/*/run-*.jsonl], id: /of/id, workdir: /cwd}
          strange:
            command: %1$s
            terminal: {ready: '^never ', start_timeout: 1s}
        """
            .formatted(command));
  }

  Path folder() {
    return folder;
  }

  String create(String tool, String... options) {
    return create(request(tool, options));
  }

  String create(CreateRequest.Builder request) {
    return server.prompter().create(request);
  }

  CreateRequest.Builder request(String tool, String... options) {
    return CreateRequest.newBuilder()
        .setTool(tool)
        .addArgs("log=" + log)
        .addAllArgs(List.of(options));
  }

  Session get(String id) {
    return server.prompter().get(id);
  }

  Turn send(String id, String prompt) {
    return server.prompter().send(id, prompt);
  }

  Turn send(SendPromptRequest.Builder request) {
    return server.sessions().sendPrompt(request.build()).getTurn();
  }

  Turn await(Turn turn) {
    return server.prompter().await(turn);
  }

  Turn succeeded(Turn turn) {
    final Turn ended = await(turn);
    assertThat(ended.getState()).as("%s", ended).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    return ended;
  }

  void awaitState(Turn turn, TurnState state) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() ->
            server
                .sessions()
                .getTurn(
                    GetTurnRequest.newBuilder()
                        .setSessionId(turn.getSessionId())
                        .setTurnId(turn.getId())
                        .build())
                .getTurn()
                .getState()
                .equals(state));
  }

  void cancel(Turn turn) {
    final var _ = server.prompter().cancel(turn);
  }

  void type(String id, String keys) {
    final var _ =
        server
            .sessions()
            .sendInput(
                SendInputRequest.newBuilder()
                    .setSessionId(id)
                    .setData(ByteString.copyFromUtf8(keys))
                    .build());
  }

  List<Event> events(String id) {
    return server.prompter().events(id);
  }

  List<Approval> questions(String id) {
    return server
        .sessions()
        .listApprovals(ListApprovalsRequest.newBuilder().setSessionId(id).build())
        .getApprovalsList();
  }

  Approval awaitQuestion(String id) {
    return server.prompter().awaitQuestion(id);
  }

  void resolve(Approval question, ApprovalDecision decision) {
    final var _ =
        server
            .sessions()
            .resolveApproval(
                ResolveApprovalRequest.newBuilder()
                    .setSessionId(question.getSessionId())
                    .setApprovalId(question.getId())
                    .setDecision(decision)
                    .setBy("a test")
                    .build());
  }

  void awaitActivity(String id, ActivityState state) {
    Awaitility.await().atMost(PATIENCE).until(() -> get(id).getActivity().getState().equals(state));
  }

  void restart(String id) {
    final var _ = server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());
  }

  /** What the agent has written down. */
  List<String> got() throws IOException {
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }
}

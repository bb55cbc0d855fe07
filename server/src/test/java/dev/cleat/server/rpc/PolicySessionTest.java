package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NOT_ALLOWED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_TOOL;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WORKDIR_MISSING;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.FieldMask;
import dev.cleat.server.boot.StartupException;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetToolHelpRequest;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.Tool;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.UpdateRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a policy refuses, and what it changes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicySessionTest {
  private Path folder;
  private Path allowed;
  private Path policy;
  private TestServer server;
  private PolicySessions sessions;

  @BeforeAll
  void start(@TempDir Path temp) throws Exception {
    folder = temp.toRealPath();
    allowed = Files.createDirectories(folder.resolve("allowed"));
    policy = folder.resolve("policy.yaml");
    write("[bash, failing]");
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              failing:
                headless:
                  command: [sh, -c, 'echo "$2 and $KEY"; echo "the key is $KEY" >&2; exit 3', sh, "{prompt}"]
                  output: plain
            """);
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("policy", policy.toString(), "catalogue", catalogue.toString()));
    sessions = new PolicySessions(server);
  }

  private void write(String tools) throws Exception {
    Bearer.write(
        policy,
        """
        tenants:
          default:
            tools: %s
            env: [HOME, KEY, 'GIT_*']
            secret_env: [KEY]
            workdir_roots: ['%s']
            workspaces: [group, limited]
            default_workspace: group
        workspaces:
          group: {}
          limited: {limits: {open_files: 99}}
          hidden: {}
        """
            .formatted(tools, allowed));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private void refused(CreateRequest.Builder request, String field) {
    final Refused refused =
        Refused.by(() -> sessions.create(request))
            .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    assertThat(refused.fields()).singleElement().returns(field, one -> one.getField());
    assertThat(refused.infos().getFirst().getMetadataMap()).containsEntry("field", field);
    assertThat(refused.message()).doesNotContain(folder.toString());
  }

  @Test
  void onlyAllowedToolsAreThere() {
    assertThat(server.tools().listTools(ListToolsRequest.getDefaultInstance()).getToolsList())
        .extracting(Tool::getName)
        .containsExactly("bash", "failing");
    Refused.by(() -> server.tools().getTool(GetToolRequest.newBuilder().setName("sh").build()))
        .with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL);
    Refused.by(
            () -> server.tools().getToolHelp(GetToolHelpRequest.newBuilder().setName("sh").build()))
        .with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL);
    // Whether it exists is not said.
    refused(CreateRequest.newBuilder().setTool("sh"), "tool");
    refused(CreateRequest.newBuilder().setTool("no-such-tool"), "tool");
  }

  @Test
  void onlyAllowedVariablesAreTaken() {
    refused(PolicySessions.bash().putEnv("LD_PRELOAD", "/x"), "env");
    refused(PolicySessions.bash().putEnv("GIT", "x"), "env");
    final Session session = sessions.create(PolicySessions.bash().putEnv("GIT_X", "taken"));
    assertThat(sessions.output(session, "echo $GIT_X")).isEqualTo("taken");
  }

  @Test
  void aWorkingDirectoryLiesBelowOneThatIsAllowedWhateverLinksSay() throws Exception {
    final Path inside = Files.createDirectory(allowed.resolve("inside"));
    final Path outside = Files.createDirectory(folder.resolve("outside"));
    final Path out = Files.createSymbolicLink(allowed.resolve("out"), outside);
    final Path in = Files.createSymbolicLink(folder.resolve("in"), inside);
    final Path nothing =
        Files.createSymbolicLink(allowed.resolve("nothing"), folder.resolve("not-there"));
    for (Path refused :
        new Path[] {
          outside,
          out,
          out.resolve("x"),
          allowed.resolve("../outside"),
          nothing,
          Path.of("/"),
          folder.resolve("not-there"),
          folder.resolve("allowed-not"),
          folder.resolve("data")
        }) {
      refused(PolicySessions.bash().setWorkdir(refused.toString()), "workdir");
    }
    Refused.by(() ->
            sessions.create(
                PolicySessions.bash().setWorkdir(allowed.resolve("not-there").toString())))
        .with(FAILED_PRECONDITION, ERROR_REASON_WORKDIR_MISSING);
    final Session session = sessions.create(PolicySessions.bash().setWorkdir(in.toString()));
    assertThat(session.getWorkdir()).isEqualTo(inside.toString());
    assertThat(sessions.output(session, "pwd -P")).isEqualTo(inside.toString());

    // What has become a link meanwhile is looked at again.
    Files.delete(inside);
    Files.createSymbolicLink(inside, outside);
    Refused.by(() ->
            server
                .sessions()
                .restart(RestartRequest.newBuilder().setSessionId(session.getId()).build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);

    // Its own directory is the server's business.
    final Session own = sessions.create(PolicySessions.bash());
    assertThat(sessions.works(own, "pwd")).isTrue();
    assertThat(
            server
                .sessions()
                .restart(RestartRequest.newBuilder().setSessionId(own.getId()).build())
                .getSession()
                .getWorkdir())
        .isEqualTo(own.getWorkdir());
  }

  @Test
  void onlyAllowedWorkspacesAreUsedAndTheTenantsOwnChoiceWhereNoneIsNamed() {
    refused(PolicySessions.bash().setWorkspace("hidden"), "workspace");
    refused(PolicySessions.bash().setWorkspace("unnamed"), "workspace");
    final Session session = sessions.create(PolicySessions.bash());
    assertThat(session.getWorkspace()).isEqualTo("group");
    Refused.by(() ->
            server
                .sessions()
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setSession(Session.newBuilder().setWorkspace("hidden"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("workspace"))
                        .build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    final Session limited = sessions.create(PolicySessions.bash().setWorkspace("limited"));
    assertThat(sessions.output(limited, "ulimit -n")).isEqualTo("99");
  }

  @Test
  void aRefusedSessionLeavesNothing() {
    final int before = count();
    refused(PolicySessions.bash().setWorkspace("hidden").setName("refused"), "workspace");
    assertThat(count()).isEqualTo(before);
    assertThat(sessions.create(PolicySessions.bash().setName("refused")).getName())
        .isEqualTo("refused");
  }

  private int count() {
    return server
        .sessions()
        .list(ListRequest.newBuilder().setPageSize(1000).build())
        .getSessionsCount();
  }

  @Test
  void secretsAreInNothingThatTheServerWrites() {
    final Session session =
        sessions.create(
            CreateRequest.newBuilder()
                .setTool("failing")
                .setPromptWay(PromptWay.PROMPT_WAY_HEADLESS)
                .putEnv("KEY", "sk-1234567890"));
    final Turn turn = sessions.run(session, "hello");
    assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(turn.getErrorTail()).isEqualTo("the key is [KEY]\n");
    assertThat(turn.toString()).doesNotContain("sk-1234567890");
    // What it printed itself is what it printed.
    assertThat(sessions.printed(session)).contains("the key is sk-1234567890");
  }

  @Test
  void aChangedPolicyCountsForWhatIsStartedFromThenOn() throws Exception {
    final Session session = sessions.create(PolicySessions.bash());
    write("[failing]");
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> refused(PolicySessions.bash(), "tool"));
      assertThat(sessions.works(session, "true")).isTrue();
      Refused.by(() ->
              server
                  .sessions()
                  .restart(RestartRequest.newBuilder().setSessionId(session.getId()).build()))
          .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    } finally {
      write("[bash, failing]");
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(
                      server
                          .tools()
                          .listTools(ListToolsRequest.getDefaultInstance())
                          .getToolsCount())
                  .isEqualTo(2));
    }
  }

  private void doesNotStart(String text, String why) throws Exception {
    final Path file = Files.writeString(folder.resolve("other.yaml"), text);
    assertThatThrownBy(
            () -> TestServer.start(folder.resolve("data-2"), Map.of("policy", file.toString())))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aServerThatCannotKeepItsPolicyDoesNotStart() throws Exception {
    doesNotStart("tenants: {a: {tool: [bash]}}", "tenants.a.tool: unknown key");
    doesNotStart(
        "tenants: {a: {}, b: {}}",
        "tenant a: its sessions would run as the server's user beside those of others");
    doesNotStart("workspaces: {w: {prefix: [no-such-program-here]}}", "no-such-program-here");
  }
}

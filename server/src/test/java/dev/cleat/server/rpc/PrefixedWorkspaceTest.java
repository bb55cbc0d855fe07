package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NOT_ALLOWED;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sessions behind a launch prefix: a program of the test that is called as {@code docker exec} is,
 * which clears the environment and has programs and directories of its own; and bubblewrap as it
 * is.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PrefixedWorkspaceTest {
  private Path folder;
  private TestServer server;
  private PolicySessions sessions;

  @BeforeAll
  void start(@TempDir Path temp) throws Exception {
    folder = temp;
    final Path bin = Files.createDirectories(folder.resolve("inside/bin"));
    Files.createDirectories(folder.resolve("inside/work"));
    PolicySessions.script(folder.resolve("enter"), enter());
    // As docker exec does: a terminal of its own behind this one, which only hands on what is
    // typed.
    PolicySessions.script(
        folder.resolve("pass"),
        "#!/bin/bash\nSHELL=/bin/bash exec script -qefc \"$(printf '%q ' \"$@\")\" /dev/null\n");
    PolicySessions.script(bin.resolve("only-inside"), "#!/bin/sh\nexec sh \"$@\"\n");
    PolicySessions.script(
        bin.resolve("acp-inside"), "#!/bin/sh\nexec " + FakeAcpAgent.shellCommand() + "\n");
    PolicySessions.script(bin.resolve("once-inside"), "#!/bin/sh\necho \"$BOX in $PWD: $1\"\n");
    final Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants:
              default: {default_workspace: box, env: ['GIT_*', SECRET, HOME]}
            workspaces:
              box:
                prefix: [%1$s/enter, -t, [-e, '{env}'], [-w, '{workdir}'], 'box-{tenant}']
                pipes_prefix: [%1$s/enter, [-e, '{env}'], [-w, '{workdir}'], 'pipes-{workspace}']
                env: ['GIT_*']
                roots: [/work]
              bubble:
                prefix: [bwrap, --bind, /, /, --dev-bind, /dev, /dev, --unshare-pid, --proc, /proc, --]
              passed:
                prefix: [%1$s/pass]
              gone:
                prefix: [%1$s/enter, -w, /nowhere, box]
            """
                .formatted(folder));
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              inside: {command: [only-inside, -i], pipes_command: [only-inside, -s], turns: stillness}
              fake: {acp: {command: [acp-inside]}}
              once: {headless: {command: [once-inside, "{prompt}"], output: plain}}
            """);
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("policy", policy.toString(), "catalogue", catalogue.toString()));
    sessions = new PolicySessions(server);
  }

  private String enter() {
    return """
    #!/bin/bash
    # enter [-t] [-e NAME]... [-w DIRECTORY] BOX COMMAND...: as docker exec, without docker
    printf '%%s\\n' "$*" >> %1$s/calls
    keep=() where=%1$s/inside
    while [[ $1 == -* ]]; do
      case $1 in
        -t) [[ -t 0 ]] || { echo 'the input device is not a TTY' >&2; exit 1; }; shift ;;
        -e) keep+=("$2=${!2}"); shift 2 ;;
        -w) where=%1$s/inside$2; shift 2 ;;
      esac
    done
    box=$1; shift
    cd "$where" || exit 126
    exec env -i PATH=%1$s/inside/bin:/usr/bin:/bin HOME=%1$s/inside BOX="$box" "${keep[@]}" "$@"
    """
        .formatted(folder);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static CreateRequest.Builder tool(String name) {
    return CreateRequest.newBuilder().setTool(name);
  }

  @Test
  void anInterruptReachesWhatIsBehindAndNotThePrefix() {
    final Session session = sessions.create(tool("bash").setWorkspace("passed"));
    final Turn sleeping = send(session, "sleep 1000");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> turn(sleeping).getState() == TurnState.TURN_STATE_RUNNING);
    interruptUntilItEnds(sleeping);
    assertThat(sessions.works(session, "true")).isTrue();

    final Turn deaf = send(session, "(trap '' INT; exec sleep 1000)");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> turn(deaf).getState() == TurnState.TURN_STATE_RUNNING);
    final var _ =
        server
            .sessions()
            .cancelTurn(
                CancelTurnRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setTurnId(deaf.getId())
                    .build());
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> turn(deaf).hasEndTime());
    assertThat(turn(deaf).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(sessions.works(session, "true")).isTrue();
  }

  @Test
  void aTerminalIsInsideWithItsTurnsSizeAndSignals() {
    final Session session =
        sessions.create(tool("bash").setWorkdir("/work").putEnv("GIT_X", "a value; $(no shell)"));
    assertThat(session.getWorkspace()).isEqualTo("box");
    assertThat(sessions.output(session, "echo $BOX $PWD"))
        .isEqualTo("box-default " + folder + "/inside/work");
    assertThat(sessions.output(session, "echo \"$GIT_X\" $CLEAT_SESSION_ID $TERM"))
        .isEqualTo("a value; $(no shell) " + session.getId() + " xterm-256color");
    assertThat(sessions.works(session, "false")).isFalse();
    assertThat(sessions.works(session, "test -z \"${CLEAT_MARKS_AID+x}\" && ls /proc/self/fd/9"))
        .isFalse();

    final var _ =
        server
            .sessions()
            .resize(
                ResizeRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setSize(TerminalSize.newBuilder().setRows(33).setColumns(77))
                    .build());
    assertThat(sessions.output(session, "stty size")).isEqualTo("33 77");

    final Turn sleeping = send(session, "sleep 1000");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> turn(sleeping).getState() == TurnState.TURN_STATE_RUNNING);
    interruptUntilItEnds(sleeping);
    assertThat(sessions.works(session, "true")).isTrue();

    final var restarted =
        server
            .sessions()
            .restart(RestartRequest.newBuilder().setSessionId(session.getId()).build())
            .getSession();
    assertThat(restarted.getWorkdir()).isEqualTo("/work");
    assertThat(sessions.output(session, "echo $PWD")).isEqualTo(folder + "/inside/work");
    final var stopped =
        server
            .sessions()
            .stop(StopRequest.newBuilder().setSessionId(session.getId()).build())
            .getSessions(0);
    assertThat(stopped.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
  }

  private Turn send(Session session, String prompt) {
    return server
        .sessions()
        .sendPrompt(
            SendPromptRequest.newBuilder().setSessionId(session.getId()).setPrompt(prompt).build())
        .getTurn();
  }

  /** More than once: a shell loses an interrupt that comes while it starts a program. */
  private void interruptUntilItEnds(Turn turn) {
    final InterruptRequest request =
        InterruptRequest.newBuilder().setSessionId(turn.getSessionId()).build();
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          if (turn(turn).hasEndTime()) {
            return true;
          }
          final var _ = server.sessions().interrupt(request);
          return false;
        });
  }

  private Turn turn(Turn turn) {
    return server
        .sessions()
        .getTurn(
            dev.cleat.v1.GetTurnRequest.newBuilder()
                .setSessionId(turn.getSessionId())
                .setTurnId(turn.getId())
                .build())
        .getTurn();
  }

  @Test
  void aToolThatIsOnlyInsideIsFoundThere() {
    final Session session = sessions.create(tool("inside"));
    assertThat(session.getWorkdir()).isEmpty();
    // Still is also a shell that has not started yet.
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !sessions.printed(session).isEmpty());
    assertThat(sessions.run(session, "echo it is $BOX").getOutputPreview())
        .contains("it is box-default");
  }

  @Test
  void pipesCommandsAndAgentsGoBehindThePrefixOfPipes() {
    final Session pipes = sessions.create(tool("inside").setMode(SessionMode.SESSION_MODE_PIPES));
    type(pipes, "echo on $BOX\n");
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> sessions.printed(pipes).contains("on pipes-box"));

    final Session once =
        sessions.create(
            tool("once").setPromptWay(PromptWay.PROMPT_WAY_HEADLESS).setWorkdir("/work"));
    assertThat(sessions.output(once, "a; $(b)"))
        .isEqualTo("pipes-box in " + folder + "/inside/work: a; $(b)");

    final Session agent = sessions.create(tool("fake").setPromptWay(PromptWay.PROMPT_WAY_ACP));
    final Turn hello = sessions.run(agent, "say one");
    assertThat(hello.getState())
        .as("%s %s", hello, sessions.printed(agent))
        .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  private void type(Session session, String text) {
    final var _ =
        server
            .sessions()
            .sendInput(
                SendInputRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setData(ByteString.copyFromUtf8(text))
                    .build());
  }

  @Test
  void onlyWhatThePolicySaysGoesThroughThePrefix() throws IOException {
    refused(tool("bash").putEnv("SECRET", "x"), "env");
    refused(tool("bash").putEnv("LD_PRELOAD", "x"), "env");
    refused(tool("bash").setWorkdir("/elsewhere"), "workdir");
    refused(tool("bash").setWorkdir("/work/../elsewhere"), "workdir");
    assertThat(Files.readString(folder.resolve("calls"))).doesNotContain("SECRET", "elsewhere");
  }

  private void refused(CreateRequest.Builder request, String field) {
    final Refused refused =
        Refused.by(() -> sessions.create(request))
            .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    assertThat(refused.fields()).singleElement().returns(field, one -> one.getField());
  }

  @Test
  void aWorkspaceThatThePolicyDoesNotHaveIsRefused() {
    final Refused refused =
        Refused.by(() -> sessions.create(tool("bash").setWorkspace("bx")))
            .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED)
            .metadata("field", "workspace");
    assertThat(refused.message()).contains("box, bubble, gone, passed");
  }

  @Test
  void aWorkspaceIsAMereGroupWhereThePolicyHasNone(@TempDir Path other) throws Exception {
    final Path policy =
        Files.writeString(other.resolve("policy.yaml"), "tenants: {default: {tools: [bash]}}");
    try (TestServer without =
        TestServer.start(other.resolve("data"), Map.of("policy", policy.toString()))) {
      final Session session =
          new PolicySessions(without).create(tool("bash").setWorkspace("a group"));
      assertThat(session.getWorkspace()).isEqualTo("a group");
    }
  }

  @Test
  void whatCannotBeEnteredEndsAndSaysSo() {
    final Session session = sessions.create(tool("bash").setWorkspace("gone"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> state(session) == SessionState.SESSION_STATE_EXITED);
    assertThat(sessions.printed(session)).contains("nowhere");
  }

  private SessionState state(Session session) {
    return server
        .sessions()
        .get(dev.cleat.v1.GetRequest.newBuilder().setSessionId(session.getId()).build())
        .getSession()
        .getState();
  }

  @Test
  void filesThatAreNamedInsideAreNotThisMachines() throws IOException {
    final byte[] png = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13};
    Files.write(folder.resolve("own.png"), png);
    final Session session = sessions.create(tool("bash"));
    assertThat(sessions.works(session, "echo " + folder + "/own.png own.png")).isTrue();
    assertThat(sessions.works(session, "true")).isTrue();
    assertThat(
            server
                .sessions()
                .listArtifacts(
                    ListArtifactsRequest.newBuilder().setSessionId(session.getId()).build())
                .getArtifactsList())
        .isEmpty();
  }

  @Test
  void bubblewrapAsAPrefix() {
    assumeTrue(PolicySessions.has("bwrap"), "needs bwrap");
    final Session session = sessions.create(tool("bash").setWorkspace("bubble"));
    assertThat(sessions.output(session, "echo $(ls -d /proc/[0-9]* | wc -l)")).matches("[3-6]");
    assertThat(sessions.works(session, "exit 3")).isFalse();
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> List.of(SessionState.SESSION_STATE_EXITED).contains(state(session)));
  }
}

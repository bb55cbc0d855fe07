package dev.cleat.server.rpc;

import static dev.cleat.v1.PromptWay.PROMPT_WAY_ACP;
import static dev.cleat.v1.PromptWay.PROMPT_WAY_HEADLESS;
import static dev.cleat.v1.PromptWay.PROMPT_WAY_TERMINAL;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.PromptWayChanged;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sessions whose way fails to start: they go on in the next, and each prompt is given once. Each
 * test has tools of its own, whose programs it takes away. What the tools are given they write into
 * a file in their working directory.
 */
@Order(10)
class OtherWaysTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(90);
  private static final List<String> NAMES =
      List.of(
          "gone", "plain", "broken", "ran", "pipes", "asked", "none", "queue", "shell", "acp",
          "both", "moded", "picture", "typed", "cancel", "over");

  private static Path programs;
  private static TestServer server;
  private static Prompter prompter;

  /** What becomes of a program. */
  enum Damage {
    GONE {
      @Override
      void to(Path program) throws IOException {
        Files.delete(program);
      }
    },
    PLAIN {
      @Override
      void to(Path program) throws IOException {
        Files.delete(program);
        Files.writeString(program, "not executable");
      }
    },
    BROKEN {
      @Override
      void to(Path program) throws IOException {
        Files.delete(program);
        Files.writeString(program, "#!/no/such/interpreter\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
      }
    };

    abstract void to(Path program) throws IOException;
  }

  @BeforeAll
  static void start(@TempDir Path data) throws Exception {
    programs = Files.createDirectories(data.resolve("programs"));
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    final StringBuilder tools = new StringBuilder("tools:\n");
    for (String name : NAMES) {
      tools.append(
          """
            %1$s:
              headless:
                command: [%2$s/%1$s, -c, 'echo "command $1" >> log; case $1 in wait*) exec cat ../%1$s.held;; fail*) exit 7;; esac; echo "said $1"', sh, "{prompt}"%5$s]
          %3$s
              command: %4$s
          """
              .formatted(
                  name,
                  programs,
                  List.of("acp", "both", "moded").contains(name)
                      ? "    acp: {command: [%s/%s-acp]}".formatted(programs, name)
                      : "",
                  terminal(name, java),
                  name.equals("picture") || name.equals("typed")
                      ? ", [--image, \"{image}\"]"
                      : ""));
      repair(name);
    }
    server = TestServer.withTools(data, tools.toString());
    prompter = server.prompter();
  }

  private static String terminal(String name, String java) {
    return switch (name) {
      case "shell", "typed" -> "[bash, -i]\n    shell: bash\n    turns: marks";
      case "none" -> "[%s/none-terminal]\n    turns: stillness".formatted(programs);
      // It starts when it may.
      case "cancel" ->
          terminal("", java)
              .replaceFirst(
                  "\\[", "[sh, -c, 'until [ -e go ]; do sleep 0.1; done; exec \"\\$@\"', sh, ");
      default ->
          """
          [%s, -XX:TieredStopAtLevel=1, -Xshare:auto, -cp, "%s", %s, log=log]
              terminal:
                ready: '^> '
                tick: '^\\* Working \\(\\d+s\\)'
                quiet: 300ms
                start_timeout: 60s
          """
              .formatted(
                  java, System.getProperty("java.class.path"), FakeScreenAgent.class.getName())
              .stripTrailing();
    };
  }

  private static Path program(String name) {
    return programs.resolve(name);
  }

  private static void repair(String name) throws IOException {
    Files.deleteIfExists(program(name));
    Files.createSymbolicLink(program(name), Path.of("/bin/sh"));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
    for (String name : NAMES) {
      Files.deleteIfExists(program(name));
    }
  }

  private static CreateRequest.Builder of(String tool, Path folder) {
    return CreateRequest.newBuilder().setTool(tool).setWorkdir(folder.toString());
  }

  private static SendPromptRequest.Builder prompt(String id, String prompt) {
    return SendPromptRequest.newBuilder().setSessionId(id).setPrompt(prompt);
  }

  private static Turn succeeded(Turn turn) {
    final Turn ended = prompter.await(turn);
    assertThat(ended.getState()).as("%s", ended).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    return ended;
  }

  private static List<PromptWayChanged> changes(String id) {
    return prompter.events(id).stream()
        .filter(Event::hasPromptWayChanged)
        .map(Event::getPromptWayChanged)
        .toList();
  }

  private static List<Turn> states(Turn turn) {
    return prompter.events(turn.getSessionId()).stream()
        .map(event -> event.getTurnChanged().getTurn())
        .filter(it -> it.getId().equals(turn.getId()))
        .toList();
  }

  private static List<String> given(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve("log"));
  }

  @ParameterizedTest
  @EnumSource
  void promptIsGivenOnceOnTheTerminal(Damage damage, @TempDir Path folder) throws Exception {
    final String name = damage.name().toLowerCase(Locale.ROOT);
    final String id = prompter.create(of(name, folder));
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_HEADLESS);
    assertThat(prompter.get(id).getFallbackWaysList()).containsExactly(PROMPT_WAY_TERMINAL);
    succeeded(prompter.send(id, "first"));
    damage.to(program(name));

    final Turn second = succeeded(prompter.send(id, "second"));
    repair(name);
    succeeded(prompter.send(id, "third"));

    assertThat(given(folder)).containsExactly("command first", "PROMPT second", "PROMPT third");
    assertThat(states(second).stream().map(Turn::getState))
        .containsExactly(
            TurnState.TURN_STATE_ACCEPTED,
            TurnState.TURN_STATE_SUBMITTED,
            TurnState.TURN_STATE_QUEUED,
            TurnState.TURN_STATE_SUBMITTED,
            TurnState.TURN_STATE_RUNNING,
            TurnState.TURN_STATE_SUCCEEDED);
    assertThat(states(second).get(2).getStatusMessage()).isNotEmpty();
    assertThat(second.getStatusMessage()).isEmpty();
    assertThat(second.getNumber()).isEqualTo(2);
    assertThat(changes(id)).hasSize(1);
    assertThat(changes(id).getFirst().getFrom()).isEqualTo(PROMPT_WAY_HEADLESS);
    assertThat(changes(id).getFirst().getTo()).isEqualTo(PROMPT_WAY_TERMINAL);
    assertThat(changes(id).getFirst().getMessage())
        .isEqualTo(states(second).get(2).getStatusMessage())
        .doesNotContain(programs.toString());
    final Session session = prompter.get(id);
    assertThat(session.getPromptWay()).isEqualTo(PROMPT_WAY_TERMINAL);
    assertThat(session.getMode()).isEqualTo(SessionMode.SESSION_MODE_PTY);
    assertThat(session.getState()).isEqualTo(SessionState.SESSION_STATE_RUNNING);
    assertThat(session.getRun()).isEqualTo(2);
    assertThat(session.getFallbackWaysList()).isEmpty();
    assertThat(prompter.events(id)).noneMatch(Event::hasExited);
  }

  @ConcurrentTest
  void commandThatRanAndFailedChangesNothing(@TempDir Path folder) throws Exception {
    final String id = prompter.create(of("ran", folder));
    assertThat(prompter.run(id, "fail").getExit().getCode()).isEqualTo(7);
    succeeded(prompter.send(id, "next"));
    assertThat(given(folder)).containsExactly("command fail", "command next");
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_HEADLESS);
  }

  @ConcurrentTest
  void sessionOnPipesHasNoTerminal(@TempDir Path folder) throws Exception {
    final String id = prompter.create(of("pipes", folder).setMode(SessionMode.SESSION_MODE_PIPES));
    notSubmittedAndStays("pipes", id, folder);
  }

  @ConcurrentTest
  void wayThatWasAskedForStays(@TempDir Path folder) throws Exception {
    notSubmittedAndStays(
        "asked", prompter.create(of("asked", folder).setPromptWay(PROMPT_WAY_HEADLESS)), folder);
  }

  @ConcurrentTest
  void terminalThatCannotBeStartedEitherIsSaidToo(@TempDir Path folder) throws Exception {
    final Turn failed = notSubmittedAndStays("none", prompter.create(of("none", folder)), folder);
    assertThat(failed.getStatusMessage()).contains("'none'", "; by terminal: ", "'none-terminal'");
  }

  /** The turn fails, and the next one works when the program is there again. */
  private static Turn notSubmittedAndStays(String name, String id, Path folder) throws IOException {
    Files.delete(program(name));
    final Turn failed = prompter.run(id, "first");
    assertThat(failed.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(failed.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(failed.getStatusMessage()).contains("program '" + name + "' is not installed");
    repair(name);
    succeeded(prompter.send(id, "second"));
    assertThat(given(folder)).containsExactly("command second");
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_HEADLESS);
    assertThat(prompter.get(id).getRun()).isEqualTo(1);
    assertThat(changes(id)).isEmpty();
    return failed;
  }

  @ConcurrentTest
  void turnsThatWaitFollowInTheirOrder(@TempDir Path folder) throws Exception {
    final Path held = folder.resolve("queue.held");
    final Path work = Files.createDirectory(folder.resolve("work"));
    assertThat(new ProcessBuilder("mkfifo", held.toString()).start().waitFor()).isZero();
    final String id = prompter.create(of("queue", work));
    final Turn first = prompter.send(id, "wait for it");
    Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(work.resolve("log")));
    final Turn second = prompter.send(id, "second");
    final Turn third = prompter.send(id, "third");
    Files.delete(program("queue"));
    Files.writeString(held, "said it\n");

    succeeded(first);
    succeeded(second);
    succeeded(third);
    assertThat(given(work)).containsExactly("command wait for it", "PROMPT second", "PROMPT third");
    assertThat(prompter.get(id).getTurnCount()).isEqualTo(3);
  }

  @ConcurrentTest
  void terminalMayBeAShellThatMarksItsCommands(@TempDir Path folder) throws Exception {
    final String id = prompter.create(of("shell", folder));
    Files.delete(program("shell"));
    final Turn first = prompter.run(id, "echo typed >> log; (exit 3)");
    succeeded(prompter.send(id, "echo again >> log"));

    assertThat(first.getExit().getCode()).isEqualTo(3);
    assertThat(given(folder)).containsExactly("typed", "again");
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_TERMINAL);
  }

  @ConcurrentTest
  void agentThatDoesNotStartIsRunByCommands(@TempDir Path folder) throws Exception {
    final Path program = program("acp-acp");
    Files.createSymbolicLink(program, Path.of("/bin/sh"));
    Damage.BROKEN.to(program);
    final String id = prompter.create(of("acp", folder));

    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_HEADLESS);
    assertThat(prompter.get(id).getFallbackWaysList()).containsExactly(PROMPT_WAY_TERMINAL);
    assertThat(changes(id).getFirst().getFrom()).isEqualTo(PROMPT_WAY_ACP);
    succeeded(prompter.send(id, "first"));
    Files.delete(program("acp"));
    succeeded(prompter.send(id, "second"));
    assertThat(given(folder)).containsExactly("command first", "PROMPT second");
    assertThat(changes(id)).hasSize(2);
  }

  @ConcurrentTest
  void agentOfWhichOnlyTheTerminalStartsIsDrivenByThat(@TempDir Path folder) throws Exception {
    final Path program = program("both-acp");
    Files.createSymbolicLink(program, Path.of("/bin/sh"));
    Damage.BROKEN.to(program);
    Files.delete(program("both"));
    final String id = prompter.create(of("both", folder));

    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_TERMINAL);
    assertThat(changes(id)).hasSize(1);
    assertThat(changes(id).getFirst().getMessage()).contains("; by headless: ");
    assertThat(prompter.get(id).getRun()).isEqualTo(1);
    succeeded(prompter.send(id, "first"));
    assertThat(given(folder)).containsExactly("PROMPT first");
  }

  /** What the mode forbids might be done there. */
  @ConcurrentTest
  void agentThatIsToBeInAModeGoesOnInNoOtherWay(@TempDir Path folder) throws Exception {
    final Path program = program("moded-acp");
    Files.createSymbolicLink(program, Path.of("/bin/sh"));
    Damage.BROKEN.to(program);
    Refused.by(() -> prompter.create(of("moded", folder).setAgentMode("plan")))
        .with(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_START_FAILED);

    final String id = prompter.create(of("moded", folder));
    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PROMPT_WAY_HEADLESS);
  }

  @ConcurrentTest
  void promptIsNotGivenWithoutItsPictures(@TempDir Path folder) throws Exception {
    withPicture("picture", folder, "PROMPT second");
  }

  @ConcurrentTest
  void promptIsNotTypedWithoutItsPictures(@TempDir Path folder) throws Exception {
    withPicture("typed", folder, "typed");
  }

  private static void withPicture(String name, Path folder, String expected) throws IOException {
    final String id = prompter.create(of(name, folder));
    Files.delete(program(name));
    final Image picture =
        Image.newBuilder()
            .setMimeType("image/png")
            .setData(
                ByteString.copyFrom(
                    new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 0}))
            .build();
    final Turn first =
        prompter.await(
            server
                .sessions()
                .sendPrompt(prompt(id, "echo lost >> log").addImages(picture).build())
                .getTurn());
    succeeded(prompter.send(id, name.equals("typed") ? "echo typed >> log" : "second"));

    assertThat(first.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED);
    assertThat(first.getStatusMessage()).contains("no images can go with a prompt");
    assertThat(given(folder)).containsExactly(expected);
  }

  @ConcurrentTest
  void cancelledTurnIsNotGivenInTheNewWay(@TempDir Path folder) throws Exception {
    final String id = prompter.create(of("cancel", folder));
    Files.delete(program("cancel"));
    final Turn first = prompter.send(id, "first");
    server
        .sessions()
        .cancelTurn(
            CancelTurnRequest.newBuilder().setSessionId(id).setTurnId(first.getId()).build());
    assertThat(prompter.await(first).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    Files.createFile(folder.resolve("go"));
    succeeded(prompter.send(id, "second"));
    assertThat(given(folder)).containsExactly("PROMPT second");
  }

  @ConcurrentTest
  void newWayStaysOverARestart(@TempDir Path folder) throws Exception {
    final String id = prompter.create(of("over", folder));
    Files.delete(program("over"));
    succeeded(prompter.send(id, "first"));
    repair("over");
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build());
    succeeded(prompter.send(id, "second"));

    assertThat(given(folder)).containsExactly("PROMPT first", "PROMPT second");
    assertThat(
            prompter.events(id).stream()
                .filter(Event::hasStateChanged)
                .map(Event::getStateChanged)
                .filter(it -> it.getState() == SessionState.SESSION_STATE_RUNNING)
                .map(StateChanged::getMode))
        .containsExactly(
            SessionMode.SESSION_MODE_PIPES,
            SessionMode.SESSION_MODE_PTY,
            SessionMode.SESSION_MODE_PTY);
  }
}

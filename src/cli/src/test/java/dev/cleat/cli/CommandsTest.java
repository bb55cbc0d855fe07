package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.Event;
import dev.cleat.v1.RevivePolicy;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Tool;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Every client command against a real server: what it prints, and what it ends with. */
@TestInstance(Lifecycle.PER_CLASS)
final class CommandsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Ran run(String... command) {
    return Ran.on(server, command);
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60));
  }

  private String bash(String name) {
    return server.create("bash", "--name", name);
  }

  private Session.Builder info(String session) throws InvalidProtocolBufferException {
    return parse(run("info", session, "-o", "json").ok().line(), Session.newBuilder());
  }

  private static <B extends Message.Builder> B parse(String json, B into)
      throws InvalidProtocolBufferException {
    JsonFormat.parser().merge(json, into);
    return into;
  }

  private Turn.Builder newestTurn(String session) throws InvalidProtocolBufferException {
    return parse(run("turns", session, "-o", "json").ok().lines().getFirst(), Turn.newBuilder());
  }

  @Test
  void newPassesEverySettingOn(@TempDir Path workdir) throws Exception {
    String id =
        server.create(
            "bash",
            "--name",
            "settings",
            "--workdir",
            workdir.toString(),
            "--env",
            "A=b=c",
            "--env",
            "PATH",
            "--label",
            "k=v",
            "--size",
            "30x101",
            "--workspace",
            "w",
            "--model",
            "m",
            "--role",
            "r",
            "--idle-timeout",
            "1h30m",
            "--lifetime",
            "2d",
            "--resize-policy",
            "fixed",
            "--",
            "-O",
            "extglob");

    Session.Builder session = info(id);
    assertThat(session.getName()).isEqualTo("settings");
    assertThat(session.getWorkdir()).isEqualTo(workdir.toString());
    assertThat(session.getEnvNamesList()).containsExactlyInAnyOrder("A", "PATH", "HOME");
    assertThat(session.getLabelsMap()).containsEntry("k", "v").hasSize(1);
    assertThat(session.getSize().getRows()).isEqualTo(30);
    assertThat(session.getSize().getColumns()).isEqualTo(101);
    assertThat(session.getWorkspace()).isEqualTo("w");
    assertThat(session.getModel()).isEqualTo("m");
    assertThat(session.getRole()).isEqualTo("r");
    assertThat(session.getIdleTimeout().getSeconds()).isEqualTo(5_400);
    assertThat(session.getLifetime().getSeconds()).isEqualTo(172_800);
    assertThat(session.getArgsList()).containsExactly("-O", "extglob");
    assertThat(run("prompt", id, "echo $A; stty size; shopt -q extglob && echo on").ok().lines())
        .containsExactly("b=c", "30 101", "on");
  }

  @Test
  void getOrCreateFindsTheSessionOfTheSameName() {
    String id = bash("once");

    assertThat(run("new", "bash", "--name", "once", "--get-or-create").ok().line()).isEqualTo(id);
    Ran taken = run("new", "bash", "--name", "once");
    assertThat(taken.code()).isEqualTo(1);
    assertThat(taken.err()).contains("--get-or-create").hasLineCount(1);
  }

  @Test
  void anIdMeansItsSessionAlsoWhenAnotherIsNamedSo() throws Exception {
    String first = bash("first-of-two");
    String second = bash(first);

    assertThat(info(first).getId()).isEqualTo(first);
    assertThat(info("first-of-two").getId()).isEqualTo(first);
    assertThat(info(second).getName()).isEqualTo(first);
  }

  @Test
  void aNameThatIsNoIdIsFound() throws Exception {
    String id = bash("Größe 1/2");

    assertThat(info("Größe 1/2").getId()).isEqualTo(id);
  }

  @Test
  void whatIsNotThereIsSaidInOneLineWithTheFix() {
    for (String command :
        List.of("info", "attach", "logs", "screen", "turns", "pause", "interrupt", "stop")) {
      Ran ran = run(command, "nobody");

      assertThat(ran.code()).as(command).isEqualTo(1);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err())
          .isEqualTo(
              "cleat: there is no session with the id or the name 'nobody'; cleat ls lists the"
                  + " sessions\n");
    }
    Ran tool = run("new", "no-such-tool");
    assertThat(tool.code()).isEqualTo(1);
    assertThat(tool.err()).contains("no-such-tool", "cleat tools").hasLineCount(1);
  }

  @Test
  void whatTheServerFindsWrongInTheRequestIsWrongUsage() {
    Ran ran = run("new", "bash", "--size", "0x100000");

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("size.rows", "size.columns").hasLineCount(1);
  }

  @Test
  void promptPrintsTheOutputAndEndsWithTheCodeOfTheCommand() {
    String id = bash("prompted");

    Ran ran = run("prompt", id, "printf 'one\\ntwo'; (exit 7)");
    assertThat(ran.code()).isEqualTo(7);
    assertThat(ran.out()).isEqualTo("one\ntwo");
    assertThat(ran.err()).isEmpty();

    assertThat(run("prompt", id, "true")).isEqualTo(new Ran(0, "", ""));
    assertThat(Ran.typing(server, "echo from\necho standard input\n", "prompt", id).ok().lines())
        .containsExactly("from", "standard input");
    assertThat(run("prompt", id, "kill -KILL $BASHPID & wait $!").code()).isEqualTo(137);
  }

  @Test
  void promptToAPipeIsPlainUnlessRawIsAskedFor() {
    String id = bash("coloured");
    String command = "printf '\\033[31mred\\033[0m\\n'";

    assertThat(run("prompt", id, command).ok().out()).isEqualTo("red\n");
    assertThat(run("prompt", "--raw", id, command).ok().out()).isEqualTo("\033[31mred\033[0m\r\n");
  }

  @Test
  void promptAsJsonIsTheTurnWithItsOutput() throws Exception {
    String id = bash("as-json");

    Ran ran = run("prompt", id, "-o", "json", "echo out; (exit 3)");

    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.lines()).hasSize(1);
    Struct.Builder turn = parse(ran.line(), Struct.newBuilder());
    assertThat(turn.getFieldsOrThrow("output").getStringValue()).isEqualTo("out\n");
    assertThat(turn.getFieldsOrThrow("state").getStringValue()).isEqualTo("TURN_STATE_FAILED");
    assertThat(turn.getFieldsOrThrow("exit").getStructValue().getFieldsOrThrow("code"))
        .matches(code -> code.getNumberValue() == 3);
  }

  @Test
  void theEventsOfAPromptToAShellArePrinted() throws Exception {
    String id = bash("as-events");

    Ran ran = run("prompt", id, "--json", "echo out; (exit 3)");

    assertThat(ran.code()).isEqualTo(3);
    StringBuilder output = new StringBuilder();
    for (String line : ran.lines()) {
      output.append(parse(line, Event.newBuilder()).getOutput().getText());
    }
    assertThat(output.toString()).contains("out\n");
    assertThat(parse(ran.lines().getFirst(), Event.newBuilder()).getTurnChanged().getTurn())
        .satisfies(turn -> assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_ACCEPTED));
    assertThat(parse(ran.lines().getLast(), Event.newBuilder()).getTurnChanged().getTurn())
        .satisfies(turn -> assertThat(turn.getExit().getCode()).isEqualTo(3));
  }

  @Test
  void aPromptThatRunsTooLongFailsAndSaysSo() {
    String id = bash("too-long");

    Ran ran = run("prompt", id, "--timeout", "300ms", "sleep 60");

    assertThat(ran.code()).isNotZero();
    assertThat(ran.err()).startsWith("cleat: ").contains("timed out").hasLineCount(1);
  }

  @Test
  void aTurnIsListedRefusedBesideAndCancelled() throws Exception {
    String id = bash("busy");
    String turn = run("prompt", id, "--no-wait", "sleep 60").ok().line();
    soon().until(() -> info(id).getCurrentTurnId().equals(turn));

    Ran refused = run("prompt", id, "--busy", "refuse", "echo never");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("--busy queue").hasLineCount(1);

    assertThat(run("cancel", id).ok().line()).startsWith(turn);
    soon()
        .untilAsserted(() -> {
          Turn.Builder now = newestTurn(id);
          assertThat(now.getId()).isEqualTo(turn);
          assertThat(now.getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
        });
    assertThat(run("turns", id).ok().out()).contains("cancelled").contains("sleep 60");
    assertThat(run("cancel", id).code()).isEqualTo(1);
    assertThat(run("prompt", id, "echo again").ok().out()).isEqualTo("again\n");
  }

  @Test
  void settingsAreChangedAndTheOthersStay() throws Exception {
    String id = run("new", "bash", "-l", "a=1", "-l", "b=2", "--name", "before").ok().line();

    run("set", id, "--name", "after", "--model", "m", "-l", "c=3", "--no-label", "a").ok();
    run("set", "after", "--auto-approve", "Read", "--approval-timeout", "90s").ok();
    run("set", "after", "--idle-timeout", "1h", "--revive", "on-prompt").ok();
    run("set", "after", "--approval-timeout", "2m").ok();

    Session.Builder now = info(id);
    assertThat(now.getName()).isEqualTo("after");
    assertThat(now.getModel()).isEqualTo("m");
    assertThat(now.getLabelsMap()).isEqualTo(Map.of("b", "2", "c", "3"));
    assertThat(now.getIdleTimeout().getSeconds()).isEqualTo(3600);
    assertThat(now.getRevive()).isEqualTo(RevivePolicy.REVIVE_POLICY_ON_PROMPT);
    assertThat(now.getApprovals().getTimeout().getSeconds()).isEqualTo(120);
    assertThat(now.getApprovals().getAutoApprove(0).getTool()).isEqualTo("Read");

    run("set", id, "--no-auto-approve").ok();
    assertThat(info(id).getApprovals().getAutoApproveList()).isEmpty();
    assertThat(info(id).getApprovals().getTimeout().getSeconds()).isEqualTo(120);
    assertThat(run("set", id).code()).isEqualTo(2);
    assertThat(run("set", id, "--no-auto-approve", "--auto-approve-all").code()).isEqualTo(2);
  }

  @Test
  void aNewSessionIsPromptedAndItsUsageIsAddedTo(@TempDir Path home) throws Exception {
    String id =
        run("new", "bash", "-e", "HOME=" + home, "--run", "echo first", "--run", "exit 3")
            .ok()
            .line();
    soon().until(() -> info(id).getState() == SessionState.SESSION_STATE_EXITED);
    assertThat(run("turns", id).ok().out()).contains("echo first", "exit 3");

    String turn = newestTurn(id).getId();
    assertThat(run("add-usage", id, turn, "--input", "12", "--output-tokens", "3").ok().line())
        .isEqualTo(turn + " 12 tokens read, 3 written; $0.0000");
    assertThat(run("info", id).ok().out()).contains("12 tokens read");
    assertThat(run("add-usage", id, turn).code()).isEqualTo(2);
    assertThat(run("add-usage", id, "nothing", "--cost", "1").err()).hasLineCount(1);
  }

  @Test
  void sendTypesWordsEnterAndStandardInput() {
    String id = bash("typed");

    run("send", id, "--enter", "echo", "o\"n\"e").ok();
    Ran.typing(server, "echo t\"w\"o\r", "send", id).ok();
    Ran.typing(server, "echo thr\"e\"e", "send", id, "--enter").ok();

    soon()
        .untilAsserted(
            () -> assertThat(run("logs", id).ok().lines()).contains("one", "two", "three"));
  }

  @Test
  void theScreenIsPrintedAsTextInColorsAndAsJson() throws Exception {
    String script =
        "printf 'gone\\033[2J\\033[Hone\\r\\n\\r\\n"
            + "  \\033[1;31mtwo\\033[0m \\033[38;2;1;2;3;44m3\\033[0m';read -r x";
    String id = server.create("sh", "--", "-c", script);
    soon().until(() -> run("screen", id).ok().out().contains("two"));

    assertThat(run("screen", id).ok().lines()).containsExactly("one", "", "  two 3");
    assertThat(run("screen", "--colors", id).ok().lines())
        .containsExactly("one", "", "  \033[1;31mtwo\033[0m \033[38;2;1;2;3;44m3\033[0m");
    String json = run("screen", id, "-o", "json").ok().line();
    assertThat(json)
        .contains("\"text\":\"  two 3\"", "\"cursor\":{\"row\":2,\"column\":7,\"visible\":true}")
        .doesNotContain("spans");
    assertThat(run("screen", id, "--colors", "-o", "json").ok().line()).contains("\"bold\":true");
  }

  @Test
  void whatHasNoTerminalHasNoScreen() {
    String id = server.create("sh", "--pipes");

    Ran ran = run("screen", id);

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).startsWith("cleat: ").contains("has no terminal").hasLineCount(1);
  }

  @Test
  void sendToPipesEndsLinesAsFilesDo() {
    String id = server.create("sh", "--pipes");

    run("send", id, "--enter", "echo piped").ok();

    soon().untilAsserted(() -> assertThat(run("logs", id).ok().out()).isEqualTo("piped\n"));
  }

  @Test
  void logsPrintAllTheLastLinesOrWhatIsNew() {
    String id = server.create("sh", "--pipes");
    run("send", id, "-e", "seq 1000; printf end").ok();
    soon().until(() -> run("logs", id).ok().out().endsWith("end"));

    assertThat(run("logs", id).ok().lines()).hasSize(1_001).startsWith("1").endsWith("end");
    assertThat(run("logs", id, "--tail", "3").ok().lines()).containsExactly("999", "1000", "end");
    assertThat(run("logs", id, "--tail", "0").ok().out()).isEmpty();
    assertThat(run("logs", id, "--tail", "5000").ok().lines()).hasSize(1_001);
    assertThat(run("logs", id, "--since", "1h").ok().lines()).hasSize(1_001);
    assertThat(run("logs", id, "--since", "2999-01-01").ok().out()).isEmpty();
    assertThat(run("logs", id, "--since", "2000-01-01T00:00:00Z", "-n", "1").ok().out())
        .isEqualTo("end");
  }

  @Test
  void theLastLinesAreFoundThroughManyEvents() {
    String id = server.create("sh", "--pipes");
    run("send", id, "-e", "i=0; while [ $i -lt 700 ]; do i=$((i+1)); echo $i; sleep 0.001; done")
        .ok();
    soon().until(() -> run("logs", id).ok().out().endsWith("\n700\n"));

    assertThat(run("logs", id, "-n", "650").ok().lines())
        .hasSize(650)
        .startsWith("51")
        .endsWith("700");
  }

  @Test
  void followedLogsEndWithTheSession() {
    String id = server.create("sh", "--pipes");
    run("send", id, "-e", "sleep 0.3; echo late; exit 9").ok();

    Ran ran = run("logs", "-f", id);

    assertThat(ran.code()).isZero();
    assertThat(ran.out()).isEqualTo("late\n");
  }

  @Test
  void logsAsJsonAreTheJournal() throws Exception {
    String id = server.create("sh", "--pipes");
    run("send", id, "-e", "echo out; exit").ok();
    run("logs", "-f", id).ok();

    List<String> lines = run("logs", id, "-o", "json").ok().lines();

    long seq = 0;
    StringBuilder output = new StringBuilder();
    for (String line : lines) {
      Event.Builder event = parse(line, Event.newBuilder());
      assertThat(event.getSeq()).isEqualTo(++seq);
      output.append(event.getOutput().getText());
    }
    assertThat(output).hasToString("out\n");
  }

  @Test
  void attachOnAPipeTypesStandardInputAndEndsWithTheCodeOfTheProcess() {
    String id = server.create("sh", "--pipes");

    Ran ran = Ran.typing(server, "echo in; echo err >&2; exit 5\n", "attach", id);

    assertThat(ran.code()).isEqualTo(5);
    assertThat(ran.out()).isEqualTo("in\n");
    assertThat(ran.err().lines())
        .contains("cleat: attached to " + id, "err", "cleat: " + id + " ended with code 5");
  }

  @Test
  void attachTellsASignalAsAShellDoes() {
    String id = server.create("sh", "--pipes");

    assertThat(Ran.typing(server, "kill -TERM $$\n", "attach", id).code()).isEqualTo(143);
    assertThat(run("attach", "--replay", "all", id).code()).isEqualTo(143);
  }

  @Test
  void listShowsWhatMatches() throws Exception {
    server.create("sh", "--pipes", "--name", "listed-1", "--label", "kind=listed");
    String second =
        server.create(
            "sh", "--pipes", "--name", "listed-2", "--label", "kind=listed", "--internal");

    assertThat(run("ls", "-l", "kind=listed").ok().lines()).hasSize(2);
    assertThat(run("ls", "-l", "kind=listed", "-a", "-q").ok().lines()).hasSize(2).contains(second);
    assertThat(run("ls", "--name-prefix", "listed-", "--state", "exited,lost").ok().lines())
        .singleElement()
        .asString()
        .startsWith("ID");
    for (String line : run("ls", "-a", "-l", "kind=listed", "-o", "json").ok().lines()) {
      Session.Builder session = parse(line, Session.newBuilder());
      assertThat(session.getMode()).isEqualTo(SessionMode.SESSION_MODE_PIPES);
    }
  }

  @Test
  void aSessionIsPausedResumedRestartedStoppedAndRemoved() throws Exception {
    String id = bash("life");

    assertThat(run("pause", id).ok().line()).isEqualTo(id + " paused");
    assertThat(run("resume", id).ok().line()).isEqualTo(id + " running");
    assertThat(run("restart", id).ok().line()).startsWith(id);
    soon().until(() -> info(id).getState() == SessionState.SESSION_STATE_RUNNING);
    assertThat(info(id).getRun()).isEqualTo(2);

    Ran running = run("rm", id);
    assertThat(running.code()).isEqualTo(1);
    assertThat(running.err()).contains("--force").hasLineCount(1);

    assertThat(run("stop", id, "--grace", "1s").ok().line()).startsWith(id + " exited");
    assertThat(run("rm", id).ok().line()).isEqualTo(id);
    assertThat(run("info", id).code()).isEqualTo(1);
  }

  @Test
  void interruptReachesWhatRunsInTheForeground() throws Exception {
    String id = bash("interrupted");
    String turn = run("prompt", id, "--no-wait", "sleep 60").ok().line();
    soon().until(() -> newestTurn(id).getState() == TurnState.TURN_STATE_RUNNING);
    assertThat(newestTurn(id).getId()).isEqualTo(turn);

    run("interrupt", id).ok();

    soon()
        .untilAsserted(
            () -> assertThat(run("turns", id).ok().lines().get(1)).contains("failed", "130"));
  }

  @Test
  void manyAreStoppedAndRemovedByFilter() {
    for (int i = 0; i < 3; i++) {
      server.create("sh", "--pipes", "--label", "many=yes");
    }

    assertThat(run("stop", "-l", "many=yes").ok().lines())
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).contains(" exited"));
    assertThat(run("rm", "-l", "many=yes", "-o", "json").ok().lines())
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).matches("\\{\"id\":\".+\"}"));
    assertThat(run("ls", "-q", "-l", "many=yes").ok().out()).isEmpty();
  }

  @Test
  void stopAndRemoveWantToKnowWhich() {
    for (String command : List.of("stop", "rm")) {
      assertThat(run(command).code()).isEqualTo(2);
      assertThat(run(command, "--all", "one").code()).isEqualTo(2);
    }
  }

  @Test
  void toolsAreListed() throws Exception {
    assertThat(run("tools").ok().lines()).anyMatch(line -> line.startsWith("bash "));
    boolean bash = false;
    for (String line : run("tools", "-o", "json").ok().lines()) {
      Tool.Builder tool = parse(line, Tool.newBuilder());
      bash |= tool.getName().equals("bash") && tool.getInstalled();
    }
    assertThat(bash).isTrue();
  }

  @Test
  void toolIsShownWithItsVersionAndItsHelp() throws Exception {
    assertThat(run("tools").ok().lines())
        .anyMatch(line -> line.matches("bash +yes +terminal +The GNU shell.*"))
        .anyMatch(line -> line.matches("claude +(yes|no) +acp, headless, terminal +.*"));

    assertThat(run("tools", "bash").ok().out())
        .containsPattern("version +GNU bash")
        .containsPattern("available +terminal")
        .containsPattern("typed prompts +end exactly");
    assertThat(run("tools", "bash", "--help-text").ok().out()).contains("GNU bash", "--rcfile");
    assertThat(
            parse(run("tools", "bash", "-o", "json").ok().line(), Tool.newBuilder()).getVersion())
        .startsWith("GNU bash");
    assertThat(run("tools", "bash", "--help-text", "-o", "json").ok().line())
        .startsWith("{\"text\":\"GNU bash");
  }

  @Test
  void toolThatCannotBeAskedSaysWhy() {
    assertThat(run("tools", "sh", "--help-text").err()).contains("for help").hasLineCount(1);
    assertThat(run("tools", "bsh").err()).contains("no tool 'bsh'").hasLineCount(1);
  }

  @Test
  void mediaFilesAreListedFetchedAndForgotten(@TempDir Path work) throws Exception {
    String picture = "<svg>ü</svg>";
    Files.createDirectory(work.resolve("plots"));
    Files.writeString(work.resolve("plots/one.svg"), picture);
    server.create("bash", "--name", "painter", "--workdir", work.toString());
    run("prompt", "painter", "echo saved plots/one.svg").ok();

    assertThat(run("artifacts", "painter").ok().out())
        .containsPattern("(?m)^ID +TYPE +BYTES +AGE +PATH$")
        .containsPattern("(?m) image\\/svg\\+xml +13 .* plots/one.svg$");
    Artifact artifact =
        parse(run("artifacts", "painter", "-o", "json").ok().line(), Artifact.newBuilder()).build();
    assertThat(artifact.getName()).isEqualTo("one.svg");
    assertThat(run("info", "painter").ok().out()).containsPattern("(?m)^artifacts +1$");

    Path copy = work.resolve("copy.svg");
    assertThat(run("artifact", "painter", "one.svg", "--to", copy.toString()).ok().out())
        .isEqualTo(copy + "  image/svg+xml  13 bytes\n");
    assertThat(copy).hasContent(picture);
    Path folder = Files.createDirectory(work.resolve("folder"));
    run("artifact", "painter", artifact.getId(), "--to", folder.toString()).ok();
    assertThat(folder.resolve("one.svg")).hasContent(picture);
    assertThat(run("artifact", "painter", "plots/one.svg", "--to", "-").ok().out())
        .isEqualTo(picture);
    Ran unknown = run("artifact", "painter", "two.png");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("two.png", "cleat artifacts");

    assertThat(run("artifact", "painter", "one.svg", "--to", "/no/such/folder/x").code())
        .isEqualTo(1);

    // What was named a moment ago is looked at again a moment later, and found again.
    soon()
        .until(() -> {
          run("artifact", "painter", "one.svg", "--forget");
          return run("artifacts", "painter", "-o", "json").ok().out().isEmpty();
        });
    assertThat(work.resolve("plots/one.svg")).exists();
  }

  @Test
  void infoShowsGit(@TempDir Path work) {
    server.create("bash", "--name", "git", "--workdir", work.toString());
    run(
            "prompt",
            "git",
            "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b"
                + " GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; git init -q -b main;"
                + " echo 1 > f; git add f; git commit -qm 1; git switch -qc other; echo 2 > f;"
                + " git commit -qam 2; git switch -q main; echo 3 > f; git commit -qam 3;"
                + " git merge -q other || true")
        .ok();
    soon()
        .untilAsserted(() ->
            assertThat(run("info", "git").ok().out())
                .containsPattern(
                    "(?m)^git +main, merge under way, conflicts: f \\(both modified\\)$"));
  }
}

package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Event;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** What is typed into sessions, and what they print: send, screen, logs, attach on a pipe. */
@TestInstance(Lifecycle.PER_CLASS)
final class OutputCommandsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void sendTypesWordsEnterAndStandardInput() {
    String id = server.bash("typed");

    // One after the other: what comes while a command runs is shown before what that prints.
    server.run("send", id, "--enter", "echo", "o\"n\"e").ok();
    awaitLine(id, "one");
    Ran.typing(server, "echo t\"w\"o\r", "send", id).ok();
    awaitLine(id, "two");
    Ran.typing(server, "echo thr\"e\"e", "send", id, "--enter").ok();
    awaitLine(id, "three");
  }

  private void awaitLine(String id, String line) {
    soon().untilAsserted(() -> assertThat(server.run("logs", id).ok().lines()).contains(line));
  }

  @Test
  void theScreenIsPrintedAsTextInColorsAndAsJson() throws Exception {
    String script =
        "printf 'gone\\033[2J\\033[Hone\\r\\n\\r\\n"
            + "  \\033[1;31mtwo\\033[0m \\033[38;2;1;2;3;44m3\\033[0m';read -r x";
    String id = server.create("sh", "--", "-c", script);
    soon().until(() -> server.run("screen", id).ok().out().contains("two"));

    assertThat(server.run("screen", id).ok().lines()).containsExactly("one", "", "  two 3");
    assertThat(server.run("screen", "--colors", id).ok().lines())
        .containsExactly("one", "", "  \033[1;31mtwo\033[0m \033[38;2;1;2;3;44m3\033[0m");
    String json = server.run("screen", id, "-o", "json").ok().line();
    assertThat(json)
        .contains("\"text\":\"  two 3\"", "\"cursor\":{\"row\":2,\"column\":7,\"visible\":true}")
        .doesNotContain("spans");
    assertThat(server.run("screen", id, "--colors", "-o", "json").ok().line())
        .contains("\"bold\":true");
  }

  @Test
  void whatHasNoTerminalHasNoScreen() {
    String id = server.create("sh", "--pipes");

    Ran ran = server.run("screen", id);

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).startsWith("cleat: ").contains("has no terminal").hasLineCount(1);
  }

  /** A title, a colour, the clipboard, a question, a control character of eight bits, bidi. */
  @Test
  void whatASessionPrintsReachesOnlyWhoAsksForItAsItIs() {
    String id = server.bash("printed");
    String command =
        "printf"
            + " '\\033]2;ow\\342\\200\\256ned\\007\\033[31mred\\033[0m\\033]52;c;b3duZWQ=\\007\\033[5n\\302\\23331m\\n';"
            + " sleep 600 # \u202e";
    server.run("prompt", id, "--no-wait", command).ok();
    soon().until(() -> server.run("screen", id).ok().out().contains("\nred"));

    assertThat(
            List.of(
                server.run("ls").ok(),
                server.run("ls", "-o", "json").ok(),
                server.run("info", id).ok(),
                server.run("info", id, "-o", "json").ok(),
                server.run("turns", id).ok(),
                server.run("turns", id, "-o", "json").ok(),
                server.run("screen", id).ok(),
                server.run("screen", id, "-o", "json").ok(),
                server.run("logs", id, "-o", "json").ok(),
                server.run("logs", id, "--plain", "-o", "json").ok()))
        .allSatisfy(ran ->
            assertThat(ran.out() + ran.err()).doesNotContainPattern("[\\p{Cc}\\x{202e}&&[^\n\t]]"));
    for (Ran plain : List.of(server.run("logs", id).ok(), server.run("logs", id, "--plain").ok())) {
      assertThat(plain.out()).contains("\nred").doesNotContainPattern("[\\p{Cc}&&[^\n\t]]");
    }
    assertThat(server.run("screen", id, "--colors").ok().out().replaceAll("\033\\[[0-9;]*m", ""))
        .doesNotContainPattern("[\\p{Cc}&&[^\n\t]]");
    assertThat(server.run("logs", id, "--raw").ok().out())
        .contains("\033[31mred", "\033]52;c;b3duZWQ=");
  }

  @Test
  void sendToPipesEndsLinesAsFilesDo() {
    String id = server.create("sh", "--pipes");

    server.run("send", id, "--enter", "echo piped").ok();

    soon().untilAsserted(() -> assertThat(server.run("logs", id).ok().out()).isEqualTo("piped\n"));
  }

  @Test
  void logsPrintAllTheLastLinesOrWhatIsNew() {
    String id = server.create("sh", "--pipes");
    server.run("send", id, "-e", "seq 1000; printf end").ok();
    soon().until(() -> server.run("logs", id).ok().out().endsWith("end"));

    assertThat(server.run("logs", id).ok().lines()).hasSize(1_001).startsWith("1").endsWith("end");
    assertThat(server.run("logs", id, "--tail", "3").ok().lines())
        .containsExactly("999", "1000", "end");
    assertThat(server.run("logs", id, "--tail", "0").ok().out()).isEmpty();
    assertThat(server.run("logs", id, "--tail", "5000").ok().lines()).hasSize(1_001);
    assertThat(server.run("logs", id, "--since", "1h").ok().lines()).hasSize(1_001);
    assertThat(server.run("logs", id, "--since", "2999-01-01").ok().out()).isEmpty();
    assertThat(server.run("logs", id, "--since", "2000-01-01T00:00:00Z", "-n", "1").ok().out())
        .isEqualTo("end");
  }

  @Test
  void theLastLinesAreFoundThroughManyEvents() {
    String id = server.create("sh", "--pipes");
    server
        .run(
            "send",
            id,
            "-e",
            "i=0; while [ $i -lt 700 ]; do i=$((i+1)); echo $i; sleep 0.001; done")
        .ok();
    soon().until(() -> server.run("logs", id).ok().out().endsWith("\n700\n"));

    assertThat(server.run("logs", id, "-n", "650").ok().lines())
        .hasSize(650)
        .startsWith("51")
        .endsWith("700");
  }

  @Test
  void followedLogsEndWithTheSession() {
    String id = server.create("sh", "--pipes");
    server.run("send", id, "-e", "sleep 0.3; echo late; exit 9").ok();

    Ran ran = server.run("logs", "-f", id);

    assertThat(ran.code()).isZero();
    assertThat(ran.out()).isEqualTo("late\n");
  }

  @Test
  void logsAsJsonAreTheJournal() throws Exception {
    String id = server.create("sh", "--pipes");
    server.run("send", id, "-e", "echo out; exit").ok();
    server.run("logs", "-f", id).ok();

    List<String> lines = server.run("logs", id, "-o", "json").ok().lines();

    long seq = 0;
    StringBuilder output = new StringBuilder();
    for (String line : lines) {
      Event.Builder event = Printed.parse(line, Event.newBuilder());
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
    assertThat(server.run("attach", "--replay", "all", id).code()).isEqualTo(143);
  }
}

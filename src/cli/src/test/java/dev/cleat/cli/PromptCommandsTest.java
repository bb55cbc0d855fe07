package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Prompts and turns on the command line, in real shells. */
@TestInstance(Lifecycle.PER_CLASS)
final class PromptCommandsTest {
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
  void promptPrintsTheOutputAndEndsWithTheCodeOfTheCommand() {
    String id = server.bash("prompted");

    Ran ran = server.run("prompt", id, "printf 'one\\ntwo'; (exit 7)");
    assertThat(ran.code()).isEqualTo(7);
    assertThat(ran.out()).isEqualTo("one\ntwo");
    assertThat(ran.err()).isEmpty();

    assertThat(server.run("prompt", id, "true")).isEqualTo(new Ran(0, "", ""));
    assertThat(Ran.typing(server, "echo from\necho standard input\n", "prompt", id).ok().lines())
        .containsExactly("from", "standard input");
    assertThat(server.run("prompt", id, "kill -KILL $BASHPID & wait $!").code()).isEqualTo(137);
  }

  @Test
  void aWordThatBeginsWithAnAtSignIsThatWord(@TempDir Path folder) throws Exception {
    String id = server.bash("at-signs");
    String file = "@" + Files.writeString(folder.resolve("words"), "--no-wait of the file");

    assertThat(server.run("prompt", id, "echo", file, "@" + file).ok().out())
        .isEqualTo(file + " @" + file + "\n");
    assertThat(server.run(file).err()).contains("there is no command '" + file + "'");
  }

  @Test
  void promptToAPipeIsPlainUnlessRawIsAskedFor() {
    String id = server.bash("coloured");
    String command = "printf '\\033[31mred\\033[0m\\n'";

    assertThat(server.run("prompt", id, command).ok().out()).isEqualTo("red\n");
    assertThat(server.run("prompt", "--raw", id, command).ok().out())
        .isEqualTo("\033[31mred\033[0m\r\n");
  }

  @Test
  void promptAsJsonIsTheTurnWithItsOutput() throws Exception {
    String id = server.bash("as-json");

    Ran ran = server.run("prompt", id, "-o", "json", "echo out; (exit 3)");

    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.lines()).hasSize(1);
    assertThat(ran.line()).contains("\"code\":3}").endsWith(",\"output\":\"out\\n\"}");
    Struct.Builder turn = Printed.parse(ran.line(), Struct.newBuilder());
    assertThat(turn.getFieldsOrThrow("output").getStringValue()).isEqualTo("out\n");
    assertThat(turn.getFieldsOrThrow("state").getStringValue()).isEqualTo("TURN_STATE_FAILED");
    assertThat(turn.getFieldsOrThrow("exit").getStructValue().getFieldsOrThrow("code"))
        .matches(code -> code.getNumberValue() == 3);
  }

  @Test
  void theEventsOfAPromptToAShellArePrinted() throws Exception {
    String id = server.bash("as-events");

    Ran ran = server.run("prompt", id, "--json", "echo out; (exit 3)");

    assertThat(ran.code()).isEqualTo(3);
    StringBuilder output = new StringBuilder();
    for (String line : ran.lines()) {
      output.append(Printed.parse(line, Event.newBuilder()).getOutput().getText());
    }
    assertThat(output.toString()).contains("out\n");
    assertThat(Printed.parse(ran.lines().getFirst(), Event.newBuilder()).getTurnChanged().getTurn())
        .satisfies(turn -> assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_ACCEPTED));
    assertThat(Printed.parse(ran.lines().getLast(), Event.newBuilder()).getTurnChanged().getTurn())
        .satisfies(turn -> assertThat(turn.getExit().getCode()).isEqualTo(3));
  }

  @Test
  void aPromptThatRunsTooLongFailsAndSaysSo() {
    String id = server.bash("too-long");

    Ran ran = server.run("prompt", id, "--timeout", "300ms", "sleep 60");

    assertThat(ran.code()).isNotZero();
    assertThat(ran.err()).startsWith("cleat: ").contains("timed out").hasLineCount(1);
  }

  @Test
  void aTurnIsListedRefusedBesideAndCancelled() throws Exception {
    String id = server.bash("busy");
    String turn = server.run("prompt", id, "--no-wait", "sleep 60").ok().line();
    soon().until(() -> Printed.info(server, id).getCurrentTurnId().equals(turn));

    Ran refused = server.run("prompt", id, "--busy", "refuse", "echo never");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("--busy queue").hasLineCount(1);

    assertThat(server.run("cancel", id).ok().line()).startsWith(turn);
    soon()
        .untilAsserted(() -> {
          Turn.Builder now = Printed.newestTurn(server, id);
          assertThat(now.getId()).isEqualTo(turn);
          assertThat(now.getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
        });
    assertThat(server.run("turns", id).ok().out()).contains("cancelled").contains("sleep 60");
    assertThat(server.run("cancel", id).code()).isEqualTo(1);
    assertThat(server.run("prompt", id, "echo again").ok().out()).isEqualTo("again\n");
  }

  @Test
  void aNewSessionIsPromptedAndItsUsageIsAddedTo(@TempDir Path home) throws Exception {
    String id =
        server
            .run("new", "bash", "-e", "HOME=" + home, "--run", "echo first", "--run", "exit 3")
            .ok()
            .line();
    soon().until(() -> Printed.info(server, id).getState() == SessionState.SESSION_STATE_EXITED);
    assertThat(server.run("turns", id).ok().out()).contains("echo first", "exit 3");

    String turn = Printed.newestTurn(server, id).getId();
    assertThat(
            server.run("add-usage", id, turn, "--input", "12", "--output-tokens", "3").ok().line())
        .isEqualTo(turn + " 12 tokens read, 3 written; $0.0000");
    assertThat(server.run("info", id).ok().out()).contains("12 tokens read");
    assertThat(server.run("add-usage", id, turn).code()).isEqualTo(2);
    assertThat(server.run("add-usage", id, "nothing", "--cost", "1").err()).hasLineCount(1);
  }

  @Test
  void interruptReachesWhatRunsInTheForeground() throws Exception {
    String id = server.bash("interrupted");
    // A shell loses an interrupt that comes while it starts the program.
    String program = "sh -c 'echo sl''eeping; exec sleep 60'";
    String turn = server.run("prompt", id, "--no-wait", program).ok().line();
    soon()
        .untilAsserted(() -> assertThat(server.run("logs", id).ok().lines()).contains("sleeping"));
    assertThat(Printed.newestTurn(server, id).getState()).isEqualTo(TurnState.TURN_STATE_RUNNING);
    assertThat(Printed.newestTurn(server, id).getId()).isEqualTo(turn);

    server.run("interrupt", id).ok();

    soon()
        .untilAsserted(() ->
            assertThat(server.run("turns", id).ok().lines().get(1)).contains("failed", "130"));
  }
}

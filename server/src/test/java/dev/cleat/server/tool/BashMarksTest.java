package dev.cleat.server.tool;

import static dev.cleat.server.reader.Mark.Kind.COMMAND_END;
import static dev.cleat.server.reader.Mark.Kind.COMMAND_START;
import static dev.cleat.server.reader.Mark.Kind.CONTINUATION;
import static dev.cleat.server.reader.Mark.Kind.PROMPT_END;
import static dev.cleat.server.reader.Mark.Kind.PROMPT_START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.reader.Mark;
import dev.cleat.server.terminal.Exit;
import dev.cleat.server.tool.BashOnPty.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the machine's bash marks, and when. */
@DisabledOnOs(OS.WINDOWS)
class BashMarksTest {
  private static final List<Mark.Kind> ONE_COMMAND =
      List.of(COMMAND_START, COMMAND_END, PROMPT_START, PROMPT_END);
  private static final List<Mark.Kind> NO_COMMAND = List.of(COMMAND_END, PROMPT_START, PROMPT_END);

  @TempDir Path home;
  private BashOnPty bash;

  @BeforeEach
  void start() throws Exception {
    bash = BashOnPty.start(home, "PS1='> '").ready();
  }

  @AfterEach
  void end() throws Exception {
    bash.close();
  }

  @Test
  void firstPromptEndsNoCommand() {
    assertThat(bash.marks())
        .filteredOn(mark -> mark instanceof Mark.Shell)
        .extracting(mark -> ((Mark.Shell) mark).kind())
        .containsExactly(PROMPT_START, PROMPT_END);
  }

  @Test
  void everyCommandHasItsExitCodeAndExactlyItsOutput() throws Exception {
    assertThat(bash.prompt("echo one; echo two >&2; printf three"))
        .isEqualTo(new Outcome(ONE_COMMAND, OptionalInt.of(0), "one\ntwo\nthree"));
    assertThat(bash.prompt("(exit 42)"))
        .isEqualTo(new Outcome(ONE_COMMAND, OptionalInt.of(42), ""));
    assertThat(bash.prompt("kill -KILL $BASHPID | false; sh -c 'kill -TERM $$'").exitCode())
        .hasValue(143);
    assertThat(bash.prompt("no-such-program").exitCode()).hasValue(127);
  }

  @Test
  void severalCommandsInOnePasteStartEachAndEndOnce() throws Exception {
    Outcome outcome =
        bash.prompt("echo one\nfor i in 2 3; do\n  echo $i\ndone\n\n# a comment\nfalse\n");

    assertThat(outcome.marks())
        .containsExactly(
            COMMAND_START, COMMAND_START, COMMAND_START, COMMAND_END, PROMPT_START, PROMPT_END);
    assertThat(outcome.exitCode()).hasValue(1);
    assertThat(outcome.output()).isEqualTo("one\n2\n3\n");
  }

  @Test
  void pastedHereDocumentIsOneCommand() throws Exception {
    assertThat(bash.prompt("cat <<'X'\nline $1\n\ttab\nX"))
        .isEqualTo(new Outcome(ONE_COMMAND, OptionalInt.of(0), "line $1\n\ttab\n"));
  }

  @Test
  void whatRunsNoCommandEndsWithoutAStart() throws Exception {
    assertThat(bash.prompt(")")).isEqualTo(new Outcome(NO_COMMAND, OptionalInt.of(2), ""));
    assertThat(bash.prompt("true").exitCode()).hasValue(0);
    assertThat(bash.prompt("")).isEqualTo(new Outcome(NO_COMMAND, OptionalInt.of(0), ""));
    assertThat(bash.prompt("# nothing")).isEqualTo(new Outcome(NO_COMMAND, OptionalInt.of(0), ""));
  }

  @Test
  void interruptAtThePromptEndsWithoutAStart() throws Exception {
    int from = bash.markCount();
    int serial = bash.lastSerial();
    bash.type("half a comm");

    assertThat(bash.interrupt(from, serial))
        .isEqualTo(new Outcome(NO_COMMAND, OptionalInt.of(130), ""));
  }

  @Test
  void interruptEndsTheRunningCommandAndThePasteGoesOnWithTheNext() throws Exception {
    int from = bash.markCount();
    int serial = bash.lastSerial();
    bash.type("\033[200~sh -c 'echo run\"\"ning; exec sleep 1000'\necho next\033[201~\r");
    // Not at the mark: until the program has the terminal, an interrupt reaches only bash, and the
    // program runs on.
    bash.awaitPrinted("running\r\n");
    Outcome outcome = bash.interrupt(from, serial);

    assertThat(outcome.marks())
        .containsExactly(COMMAND_START, COMMAND_START, COMMAND_END, PROMPT_START, PROMPT_END);
    assertThat(outcome.exitCode()).hasValue(0);
    assertThat(outcome.output()).endsWith("next\n");
  }

  @Test
  void incompleteCommandAsksForItsRest() throws Exception {
    for (String incomplete : List.of("if true", "echo 'open", "cat <<X\nno end", "echo \\")) {
      int from = bash.markCount();
      int serial = bash.lastSerial();
      bash.type("\033[200~" + incomplete + "\033[201~\r");
      bash.awaitMark(CONTINUATION, from);
      Outcome outcome = bash.interrupt(from, serial);

      assertThat(outcome.marks())
          .as(incomplete)
          .containsExactly(CONTINUATION, COMMAND_END, PROMPT_START, PROMPT_END);
      assertThat(outcome.exitCode()).as(incomplete).hasValue(130);
    }
  }

  @Test
  void promptDrawnAnewRepeatsItsNumber() throws Exception {
    int serial = bash.lastSerial();
    int from = bash.markCount();
    bash.type("some text\014");
    bash.awaitMark(PROMPT_END, from);
    assertThat(bash.lastSerial()).isEqualTo(serial);

    from = bash.markCount();
    bash.resize(40, 10);
    bash.awaitMark(PROMPT_END, from);
    assertThat(bash.lastSerial()).isEqualTo(serial);

    assertThat(bash.prompt("").marks())
        .isEqualTo(List.of(COMMAND_START, COMMAND_END, PROMPT_START, PROMPT_END));
    assertThat(bash.lastSerial()).isGreaterThan(serial);
  }

  @Test
  void exclamationMarkMeansItself() throws Exception {
    assertThat(bash.prompt("echo \"hi!there\" !$ !!").output()).isEqualTo("hi!there !$ !!\n");
  }

  @Test
  void rejectedHistoryExpansionIsANextPromptWithoutAnEnd() throws Exception {
    bash.prompt("set -H");
    assertThat(bash.prompt("echo \"!nosuch\""))
        .isEqualTo(new Outcome(List.of(PROMPT_END), OptionalInt.empty(), ""));
    assertThat(bash.prompt("echo on").output()).isEqualTo("on\n");
  }

  @Test
  void directoryIsToldPercentEncodedAtEachPrompt() throws Exception {
    Path odd = Files.createDirectory(home.resolve("ü %;\n\\'\"$x 文"));
    // The newline is a control character in a path: it is told, and the reader refuses it.
    bash.prompt("cd " + home.toString() + "; mkdir -p 'ü %;$x 文/sub'; cd 'ü %;$x 文/sub'");
    bash.prompt("echo ok-ü");

    List<Mark.Directory> directories =
        bash.marks().stream()
            .filter(Mark.Directory.class::isInstance)
            .map(Mark.Directory.class::cast)
            .toList();
    assertThat(directories).hasSize(3);
    assertThat(directories.getFirst().path()).isEqualTo(home.toRealPath().toString());
    assertThat(directories.getLast().path()).isEqualTo(home.toRealPath() + "/ü %;$x 文/sub");
    assertThat(bash.printed()).contains("/%C3%BC%20%25%3B%24x%20%E6%96%87/sub").contains("ok-ü");
    assertThat(odd).exists();
  }

  @Test
  void nestedShellsAndPrintedMarksAreNotTheSessions() throws Exception {
    Outcome outcome =
        bash.prompt(
            "printf '\\e]133;D;7\\a\\e]133;D;8;aid=other\\a'; bash -ic 'echo nested'; (exit 3)");

    assertThat(outcome.marks()).isEqualTo(ONE_COMMAND);
    assertThat(outcome.exitCode()).hasValue(3);
    assertThat(outcome.output()).contains("nested");
  }

  @Test
  void noProgramSeesTheAid() throws Exception {
    assertThat(bash.prompt("export PS0 PS1 PS2; env; declare -px; set -a; x=1; env").output())
        .contains("CLEAT_SESSION_ID=session-1")
        .doesNotContain(bash.aid());
  }

  @Test
  void coloursAndFullScreensComeBetweenTheMarksAndAreNoText() throws Exception {
    Files.createDirectories(home.resolve("list/folder"));
    Files.createFile(home.resolve("list/file"));
    Outcome coloured =
        bash.prompt("ls -1 --color=always list; tput smcup; tput cup 3 4; tput rmcup");

    assertThat(bash.printed()).contains("\033[01;34mfolder", "\033[?1049h");
    assertThat(coloured).isEqualTo(new Outcome(ONE_COMMAND, OptionalInt.of(0), "file\nfolder\n"));
  }

  @Test
  void exitEndsWithTheCommandsOwnCode() throws Exception {
    bash.type("exit 5\r");

    assertThat(bash.awaitExit()).isEqualTo(new Exit.Code(5));
  }
}

package dev.cleat.server.tool;

import static dev.cleat.server.reader.Mark.Kind.COMMAND_END;
import static dev.cleat.server.reader.Mark.Kind.COMMAND_START;
import static dev.cleat.server.reader.Mark.Kind.CONTINUATION;
import static dev.cleat.server.reader.Mark.Kind.PROMPT_END;
import static dev.cleat.server.reader.Mark.Kind.PROMPT_START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.reader.Mark;
import dev.cleat.server.tool.BashOnPty.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The marks and the user's own set-up of bash leave each other alone. */
@Order(12)
@DisabledOnOs(OS.WINDOWS)
class BashHooksTest {
  private static final List<Mark.Kind> ONE_COMMAND =
      List.of(COMMAND_START, COMMAND_END, PROMPT_START, PROMPT_END);

  @TempDir Path home;

  private void assertMarks(BashOnPty bash) throws Exception {
    Outcome outcome = bash.prompt("echo marked; (exit 9)");
    assertThat(outcome.marks()).isEqualTo(ONE_COMMAND);
    assertThat(outcome.exitCode()).hasValue(9);
    assertThat(outcome.output()).contains("marked\n").doesNotContain("__cleat");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "return 3",
        "no-such-command; cd /no/such/folder",
        "broken() {",
        "if true; then",
        "set -u",
        "set -e",
        "set -eu -o pipefail; set -o noclobber; set -f",
        "set -x",
        "set -a",
        "set -T; set -E",
        "set -o vi",
        "set -o posix",
        "shopt -u promptvars",
        "shopt -s extglob nullglob failglob nocasematch",
        "IFS=_e",
        "LC_ALL=C",
        "alias printf=false local=false set=false builtin=false unset=false shopt=false",
        "printf() { echo mine; }; set() { echo mine; }; shopt() { echo mine; }; bind() { echo mine;"
            + " }",
        "PROMPT_COMMAND=''",
        "PROMPT_COMMAND=()",
        "export PROMPT_COMMAND='true'",
        "unset PROMPT_COMMAND PS0 PS1 PS2",
        "readonly PS1",
        "readonly PS0 PS2",
        "bind 'set enable-bracketed-paste off'",
        "trap 'echo debug' DEBUG; trap 'echo err' ERR; trap 'echo return' RETURN",
        "HISTCONTROL=ignoreboth; shopt -s histappend",
        "PS1='\\[\\e[1m\\]two\\nlines \\$ \\[\\e[0m\\]'",
      })
  void marksWithThisBashrc(String bashrc) throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, bashrc + "\n").ready()) {
      boolean withoutPrompts = bashrc.contains("promptvars") || bashrc.contains("readonly PS0");
      for (int i = 0; i < 3; i++) {
        Outcome outcome = bash.prompt("echo marked\n(exit 9) || :\n! true");
        assertThat(outcome.exitCode()).hasValue(1);
        assertThat(outcome.marks()).contains(COMMAND_END).endsWith(PROMPT_START, PROMPT_END);
        if (!withoutPrompts) {
          assertThat(outcome.marks())
              .hasSize(6)
              .startsWith(COMMAND_START, COMMAND_START, COMMAND_START);
          assertThat(outcome.output()).contains("marked\n").doesNotContain("__cleat");
        }
      }
      assertThat(bash.printed()).doesNotContain("__cleat_", "command not found\r\nbash: __");
    }
  }

  @Test
  void promptCommandsOfTheUserSeeWhatBashShowsThem() throws Exception {
    String show = "echo \"<$? ${PIPESTATUS[*]} $_ $PS1|$PS0|$PS2>\"";
    for (String bashrc :
        List.of(
            "PROMPT_COMMAND='" + show + "'", "PROMPT_COMMAND=('" + show + "' '" + show + "')")) {
      try (BashOnPty bash =
          BashOnPty.start(home, "PS1='p1 ' PS0='p0 ' PS2='p2 '\n" + bashrc).ready()) {
        bash.prompt("true | (exit 4) | (exit 5)");
        bash.prompt("true last-word");
        assertThat(bash.printed()).contains("<5 0 4 5 ").contains("<0 0 last-word p1 |p0 |p2 >");
        bash.prompt("false word-before");
        assertThat(bash.prompt("echo \"[$?] [$_]\"").output()).contains("[1] [word-before]");
      }
    }
  }

  @Test
  void outputOfThePromptCommandsIsNotTheCommands() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "PROMPT_COMMAND='echo from-the-hook'").ready()) {
      assertThat(bash.prompt("echo x").output()).isEqualTo("x\n");
      assertThat(bash.printed()).contains("from-the-hook");
    }
  }

  @Test
  void promptsMadeByPromptCommandsAreMarked() throws Exception {
    String bashrc =
        "make() { PS1=\"made $?> \"; PS2='more '; PS0='zero\\n'; }\nPROMPT_COMMAND=make";
    try (BashOnPty bash = BashOnPty.start(home, bashrc).ready()) {
      assertMarks(bash);
      assertMarks(bash);
      assertThat(bash.printed()).contains("made 9> ").contains("zero");
    }
  }

  @Test
  void promptsChangedByHandAreMarked() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      for (String change :
          List.of(
              "PS1='one> '",
              "PS1=\"tw\"\"o $PS1\"",
              "PS0='zero '",
              "PS2='more '",
              "unset PS0 PS2",
              "PS1=")) {
        bash.prompt(change);
        assertMarks(bash);
      }
      bash.prompt("PS1='la''st> ' PS2='mo''re> '");
      int from = bash.markCount();
      int serial = bash.lastSerial();
      bash.type("if true\r");
      bash.awaitMark(CONTINUATION, from);
      bash.interrupt(from, serial);
      assertThat(bash.printed()).contains("two ").contains("last> ").contains("more> ");
    }
  }

  @Test
  void promptCommandsChangedByHandKeepTheirMeaning() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "PROMPT_COMMAND='echo from-bashrc'").ready()) {
      bash.prompt("PROMPT_COMMAND='echo \"first $?\"'");
      int before = bash.printed().length();
      assertMarks(bash);
      assertThat(bash.printed().substring(before))
          .contains("first 9")
          .doesNotContain("from-bashrc");

      bash.prompt("PROMPT_COMMAND=\"echo before; $PROMPT_COMMAND\"");
      bash.prompt("PROMPT_COMMAND+='; echo after'");
      bash.prompt("PROMPT_COMMAND+=('echo appended')");
      bash.prompt("PROMPT_COMMAND=('echo prepended' \"${PROMPT_COMMAND[@]}\")");
      bash.prompt(":");
      before = bash.printed().length();
      assertMarks(bash);
      assertThat(bash.printed().substring(before))
          .contains("before\r\n", "first 9\r\n", "after\r\n", "appended\r\n", "prepended\r\n");
      assertThat(bash.prompt("declare -p PROMPT_COMMAND").output())
          .containsOnlyOnce("__cleat_before")
          .containsOnlyOnce("__cleat_after");
    }
  }

  @Test
  void endIsMarkedEvenWithoutPromptCommands() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      bash.prompt("unset PROMPT_COMMAND");
      assertMarks(bash);
      bash.prompt("PROMPT_COMMAND=true");
      assertMarks(bash);
    }
    try (BashOnPty bash = BashOnPty.start(home, "readonly PROMPT_COMMAND").ready()) {
      assertMarks(bash);
      assertMarks(bash);
    }
  }

  @Test
  void promptMadeBehindTheLastPromptCommandIsMarkedFromTheNextOn() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      int from = bash.markCount();
      // In two pieces, so that the echo is not taken for the prompt.
      bash.type("PROMPT_COMMAND+=(\"PS1='la''te> '\")\r");
      bash.awaitPrinted("late> ");
      from = bash.awaitMark(COMMAND_END, from);
      bash.type("\r");
      bash.awaitMark(PROMPT_END, bash.awaitMark(COMMAND_END, from));
      assertMarks(bash);
    }
  }

  @Test
  void debugTrapSeesTheUsersCommandsAndFindsOursAmongThePromptCommands() throws Exception {
    String bashrc =
        """
        seen() {
          local command
          while IFS= read -r command; do
            [[ $command != "$1" ]] || return 0
          done <<<"${PROMPT_COMMAND[*]//;/$'\\n'}"
          echo "seen <$1>"
        }
        trap 'seen "$BASH_COMMAND"' DEBUG
        """;
    try (BashOnPty bash = BashOnPty.start(home, bashrc).ready()) {
      assertThat(bash.prompt("true one; true two").output())
          .isEqualTo("seen <true one>\nseen <true two>\n");
      assertThat(bash.printed()).doesNotContain("seen <__cleat");
      assertThat(bash.prompt("trap -p DEBUG").output()).contains("seen \"$BASH_COMMAND\"");
    }
  }

  @Test
  void endIsMarkedWhereverTheUsersOutputGoes() throws Exception {
    Path file = home.resolve("out");
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      bash.prompt("exec >" + file);
      Outcome outcome = bash.prompt("echo to the file; (exit 6)");
      assertThat(outcome.exitCode()).hasValue(6);
    }
    assertThat(file).hasContent("to the file\n");
  }

  @Test
  void historyIsTheUsersAndNothingElseIsWritten() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "HISTFILE=~/.my_history").ready()) {
      bash.prompt("echo 'two\nlines'");
      assertThat(bash.prompt("history").output())
          .contains("1  echo 'two\nlines'")
          .doesNotContain("__cleat");
      bash.type("exit\r");
      bash.awaitExit();
    }
    assertThat(home.resolve(".my_history")).hasContent("echo 'two\nlines'\nhistory\nexit\n");
    try (Stream<Path> files = Files.list(home)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(".bashrc", ".my_history", "cleat shells");
    }
  }

  @Test
  void pasteIsTakenWhateverTheInputSettings() throws Exception {
    Files.writeString(
        home.resolve(".inputrc"), "set enable-bracketed-paste off\nset editing-mode vi\n");
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      assertThat(bash.prompt("echo one\necho\ttwo\n").output()).isEqualTo("one\ntwo\n");
    }
  }

  @Test
  void pasteIsDrawnOnce() throws Exception {
    try (BashOnPty bash = BashOnPty.start(home, "").ready()) {
      assertThat(bash.prompt("echo drawn | tr a-z A-Z").output()).isEqualTo("DRAWN\n");
      assertThat(bash.printed().split("echo drawn", -1)).hasSize(2);
    }
  }
}

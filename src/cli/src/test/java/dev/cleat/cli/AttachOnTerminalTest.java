package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code cleat attach} in a process of its own on a real terminal. */
@Order(1)
@TestInstance(Lifecycle.PER_CLASS)
final class AttachOnTerminalTest {
  private static final String DETACH = "\u001c\u001c";
  private static final List<String> RAW =
      List.of("-echo ", "-icanon", "-isig", "-iexten", "-opost", "-icrnl", "-ixon", "min = 1");

  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private OnTerminal attach(Path folder, String session, String... more) throws Exception {
    List<String> command = new ArrayList<>(List.of("attach", session, "--server", server.target()));
    command.addAll(List.of(more));
    return new OnTerminal(folder, command.toArray(String[]::new));
  }

  @Test
  void keysGoInOutputComesOutAndTheTerminalIsRawMeanwhile(@TempDir Path folder) throws Exception {
    String id = server.create("bash", "--name", "raw");
    try (OnTerminal person = attach(folder, "raw")) {
      person.awaitShown("cleat: attached to raw; detach with Ctrl-\\ Ctrl-\\");
      person.awaitModes("-icanon");
      assertThat(person.modes()).contains(RAW);

      // Neither Ctrl-C nor carriage returns nor eight bits are anything special here.
      person.type("echo t\"y\"ped; cat\r");
      person.awaitShown("typed\r\n");
      person.type("Größe\r");
      person.awaitShown("Größe\r\nGröße\r\n");
      person.type("\u0003");
      person.awaitShown("133;D;130");
      person.type("echo b\"a\"ck\r");
      person.awaitShown("back\r\n");

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
      person.assertRestored();
      assertThat(person.shown()).contains("cleat: detached from raw; come back with");
    }
    assertThat(server.run("info", id).ok().out()).contains("running");
  }

  @Test
  void theFirstDetachKeyAloneIsMeantForTheSession(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("detach with");
      // The shell's mark comes before there is a program, and the program's word when there is.
      person.type("sh -c 'echo sl''eeping; exec sleep 60'\r");
      person.awaitShown("sleeping\r\n");

      person.type("\u001c");
      person.awaitShown("133;D;131");

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
    }
  }

  @Test
  void theSizeOfTheWindowIsFollowed(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("detach with");
      person.awaitModes("-icanon");
      person.type("stty size\r");
      person.awaitShown("30 100\r\n");

      person.resize(40, 111);
      person.type(
          "until [ \"$(stty size)\" = '40 111' ]; do sleep 0.01; done; echo fol\"low\"ed\r");
      person.awaitShown("followed\r\n");

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
    }
  }

  @Test
  void theExitCodeIsThatOfTheSession(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("detach with");
      person.type("exit 7\r");

      assertThat(person.awaitEnd()).isEqualTo(7);
      person.assertRestored();
      assertThat(person.shown()).contains("cleat: " + id + " ended with code 7");
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "HUP, 129", "INT, 130"})
  void aSignalThatEndsTheCommandLeavesTheTerminalAsItWas(
      String signal, int code, @TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("detach with");
      person.awaitModes("-icanon");
      person.type("printf '\\033[?1049h\\033[?25lsc''reen'\r");
      person.awaitShown("screen");

      person.signal(signal);

      assertThat(person.awaitEnd()).isEqualTo(code);
      person.assertRestored();
      assertThat(person.shown()).contains("\033[?1049l").contains("\033[?25h");
    }
    assertThat(server.run("info", id).ok().out()).contains("running");
  }

  @Test
  void aCutConnectionIsSaidAndTheOutputContinues(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (Relay relay = new Relay(server.port());
        OnTerminal person = new OnTerminal(folder, "attach", id, "--server", relay.address())) {
      person.awaitShown("detach with");
      person.type("echo be\"fore\"\r");
      person.awaitShown("before\r\n");

      relay.cut();
      person.awaitShown("cleat: connection lost").awaitShown("cleat: reconnected");

      person.type("echo af\"ter\"\r");
      person.awaitShown("after\r\n");
      assertThat(person.shown().split("before\r\n", -1)).hasSize(2);
      person.type("exit 3\r");
      assertThat(person.awaitEnd()).isEqualTo(3);
      person.assertRestored();
    }
  }

  @Test
  void aServerThatGoesAndComesBackWithoutTheProcessEndsItInWords(
      @TempDir Path folder, @TempDir Path data) throws Exception {
    TestServer first = TestServer.start(data);
    String id = first.create("bash");
    // The address stays the same, which nobody can promise of a port that is let go.
    try (Relay relay = new Relay(first.port());
        OnTerminal person = new OnTerminal(folder, "attach", id, "--server", relay.address())) {
      person.awaitShown("detach with");
      first.close();
      try (TestServer second = TestServer.start(data)) {
        relay.retarget(second.port());
        int code = person.awaitEnd();

        assertThat(code).isNotZero();
        person.assertRestored();
        assertThat(person.shown()).containsPattern("cleat: " + id + " (ended|was lost)");
      }
    }
  }

  @Test
  void aWatcherSeesEverythingAndTypesNothing(@TempDir Path folder) throws Exception {
    String id = server.create("bash", "--size", "24x80");
    try (OnTerminal person = attach(folder, id, "--read-only", "--detach-keys", "ctrl-p,q")) {
      person.awaitShown("cleat: watching " + id + "; detach with Ctrl-P q");
      person.awaitModes("-icanon");
      person.type("exit 9\r");
      server.run("send", id, "--enter", "stty size").ok();
      person.awaitShown("24 80\r\n");

      person.type("\u0010q");
      assertThat(person.awaitEnd()).isZero();
      person.assertRestored();
    }
    assertThat(server.run("info", id).ok().out()).contains("running");
  }

  @Test
  void questionsToTheTerminalAreTheServersToAnswer(@TempDir Path folder) throws Exception {
    String tty = server.create("bash");
    server.run("prompt", tty, "printf 'be\\033[6n\\033[cfore\\n'").ok();
    try (OnTerminal person = attach(folder, tty)) {
      person.awaitShown("before");
      assertThat(person.shown()).doesNotContain("\033[6n").doesNotContain("\033[c");

      person.type(
          "stty raw -echo; printf 'li\\033[6nve'; IFS= read -rd R -t 30 a; stty sane; echo \""
              + " ${a#?}\"\r");
      person.awaitShown("live");
      person.awaitShown(";5\r\n");
      assertThat(person.shown()).doesNotContain("\033[6n");

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
    }
  }

  /** What {@code cleat screen} says is shown. */
  private List<String> screen(String id) {
    return server.run("screen", id).ok().lines();
  }

  private static void awaitSame(OnTerminal person, Supplier<List<String>> lines) {
    soon()
        .untilAsserted(() -> {
          List<String> expected = lines.get();
          assertThat(person.seen().lines().subList(0, expected.size())).isEqualTo(expected);
        });
  }

  @Test
  void theScreenIsThereAtOnceAndNotWhatLedToIt(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    server.run("prompt", id, "printf 'go''ne\\r\\n\\033[2J\\033[3;5Hke''pt\\r\\n\\033[1;31m'").ok();
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("kept");
      awaitSame(person, () -> screen(id));
      assertThat(person.shown()).doesNotContain("gone").contains("\033[2J");
      person.type("echo a\"ft\"er\r");
      person.awaitShown("after\r\n");
      awaitSame(person, () -> screen(id));

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
      person.assertRestored();
    }
  }

  @Test
  void aFullScreenProgramIsThereAsItIsAndLeavesTheTerminalWhenOneDetaches(@TempDir Path folder)
      throws Exception {
    String id =
        server.create(
            "sh",
            "--",
            "-c",
            "echo below; printf '\\033[?1049h\\033[2J\\033[?25l\\033[4;7H\\033[7mfull\\033[0m';"
                + " read -r x; printf '\\033[?25h\\033[?1049lback'; read -r x");
    soon().until(() -> screen(id).contains("      full"));
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("full");
      awaitSame(person, () -> screen(id));
      // It may come in pieces, and the cursor in the last.
      soon()
          .untilAsserted(() -> {
            assertThat(person.seen().alternateScreen()).isTrue();
            assertThat(person.seen().cursorVisible()).isFalse();
          });

      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
      person.assertRestored();
      assertThat(person.seen().alternateScreen()).isFalse();
      assertThat(person.seen().cursorVisible()).isTrue();
    }
    try (OnTerminal person = attach(folder, id)) {
      person.awaitShown("full");
      person.type("\r");
      person.awaitShown("back");
      awaitSame(person, () -> screen(id));
      assertThat(person.seen().lines()).contains("below").doesNotContain("      full");
    }
  }

  @Test
  void aWindowOfAnotherSizeShowsTheSame(@TempDir Path folder) throws Exception {
    String id = server.create("sh", "--size", "5x12", "--", "-c", SMALL + "read -r x");
    soon().until(() -> screen(id).contains("  at the end"));
    try (OnTerminal person = attach(folder, id, "--read-only")) {
      person.awaitShown("at the end");
      // It may come in pieces, and the cursor and the modes behind the text.
      soon()
          .untilAsserted(() -> {
            assertThat(person.seen().lines().subList(0, 6))
                .containsExactly("a long line", "that is cut", "", "", "  at the end", "");
            assertThat(person.seen().cursorRow()).isEqualTo(1);
            assertThat(person.seen().cursorColumn()).isEqualTo(3);
            assertThat(person.seen().bracketedPaste()).isTrue();
          });
    }
  }

  private static final String SMALL =
      "printf 'a long line that is cut\\033[5;3Hat the end\\033[?2004h\\033[2;4H';";

  @Test
  void theHistoryIsShownInPlaceOfTheScreenWhenAskedFor(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    server.run("prompt", id, "printf 'ear''lier\\033[2J\\033[H'").ok();
    try (OnTerminal person = attach(folder, id, "--replay", "all")) {
      person.awaitShown("earlier");
      person.type(DETACH);
      assertThat(person.awaitEnd()).isZero();
    }
  }

  @Test
  void aNewProcessBeginsOnAnEmptyScreen(@TempDir Path folder) throws Exception {
    String id =
        server.create(
            "sh", "--", "-c", "printf '\\033[?1049h\\033[?25l%s' \"run $PPID\"; read -r x");
    soon().until(() -> !screen(id).isEmpty());
    server.run("restart", id).ok();
    soon().until(() -> server.run("logs", id).ok().out().split("run", -1).length == 3);
    server.run("stop", id).ok();
    try (OnTerminal person = attach(folder, id, "--replay", "all", "--read-only")) {
      assertThat(person.awaitEnd()).isNotZero();
      person.assertRestored();
      assertThat(person.seen().lines().stream().filter(line -> line.contains("run"))).isEmpty();
      assertThat(person.shown().split("\033\\[\\?1049l", -1)).hasSize(3);
    }
  }

  @Test
  void whatIsCreatedIsAttachedToAtOnce(@TempDir Path folder) throws Exception {
    try (OnTerminal person =
        new OnTerminal(
            folder, "new", "bash", "-a", "-e", "HOME=" + folder, "--server", server.target())) {
      person.awaitShown("; detach with");
      person.type("stty size; exit 4\r");
      person.awaitShown("30 100\r\n");

      assertThat(person.awaitEnd()).isEqualTo(4);
      person.assertRestored();
    }
  }

  @Test
  void whenTheSessionIsNotThereTheTerminalIsNotTouched(@TempDir Path folder) throws Exception {
    try (OnTerminal person = attach(folder, "nobody")) {
      assertThat(person.awaitEnd()).isEqualTo(1);
      person.assertRestored();
      assertThat(person.shown())
          .isEqualTo(
              "cleat: there is no session with the id or the name 'nobody'; cleat ls lists the"
                  + " sessions\r\n");
    }
  }
}

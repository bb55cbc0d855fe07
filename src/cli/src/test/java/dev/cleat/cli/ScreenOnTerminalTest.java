package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** What {@code cleat attach} shows of the session's screen, on a real terminal. */
@Order(2)
@TestInstance(Lifecycle.PER_CLASS)
final class ScreenOnTerminalTest {

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
    return OnTerminal.attach(folder, server, session, more);
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

      person.type(OnTerminal.DETACH);
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

      person.type(OnTerminal.DETACH);
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

      person.type(OnTerminal.DETACH);
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
      person.type(OnTerminal.DETACH);
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
}

package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
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
    return OnTerminal.attach(folder, server, session, more);
  }

  @Test
  void keysGoInOutputComesOutAndTheTerminalIsRawMeanwhile(@TempDir Path folder) throws Exception {
    String id = server.create("bash", "--name", "raw");
    try (OnTerminal person = attach(folder, "raw")) {
      person.awaitShown("cleat: attached to raw; detach with Ctrl-\\ Ctrl-\\");
      person.awaitAttached();
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

      person.type(OnTerminal.DETACH);
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
      person.awaitAttached();
      // The shell's mark comes before there is a program, and the program's word when there is.
      person.type("sh -c 'echo sl''eeping; exec sleep 60'\r");
      person.awaitShown("sleeping\r\n");

      person.type("\u001c");
      person.awaitShown("133;D;131");

      person.type(OnTerminal.DETACH);
      assertThat(person.awaitEnd()).isZero();
    }
  }

  @Test
  void theSizeOfTheWindowIsFollowed(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = attach(folder, id)) {
      person.awaitAttached();
      person.awaitModes("-icanon");
      person.type("stty size\r");
      person.awaitShown("30 100\r\n");

      person.resize(40, 111);
      person.type(
          "until [ \"$(stty size)\" = '40 111' ]; do sleep 0.01; done; echo fol\"low\"ed\r");
      person.awaitShown("followed\r\n");

      person.type(OnTerminal.DETACH);
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
      person.awaitAttached();
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
      person.awaitAttached();
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
  void withoutAKeyboardTheTerminalIsNotAskedAndIsLeftAsItWas(@TempDir Path folder)
      throws Exception {
    String id = server.create("sh", "--", "-c", "printf '\\033[?1049h\\033[6nscreen'");
    try (OnTerminal person = OnTerminal.attachWithoutKeyboard(folder, server, id)) {
      assertThat(person.awaitEnd()).isZero();

      person.assertRestored();
      assertThat(person.shown())
          .contains("\033[?1049hscreen", "\033[?1049l")
          .contains("cleat: " + id + " ended with code 0");
    }
  }

  @Test
  void aSessionOnPipesDoesNotAskTheTerminalAndLeavesItAsItWas(@TempDir Path folder)
      throws Exception {
    String script =
        "printf '\\033[?1049h\\033[6nscreen'; printf '\\033[?25l\\033[6nerrors' >&2; exit 3";
    String id = server.create("sh", "--pipes", "--", "-c", script);
    try (OnTerminal person = attach(folder, id)) {
      assertThat(person.awaitEnd()).isEqualTo(3);

      person.assertRestored();
      assertThat(person.shown())
          .contains("\033[?1049hscreen", "\033[?25lerrors", "\033[?1049l", "\033[?25h");
    }
  }

  @Test
  void whatIsCreatedIsAttachedToAtOnce(@TempDir Path folder) throws Exception {
    try (OnTerminal person =
        new OnTerminal(
            folder, "new", "bash", "-a", "-e", "HOME=" + folder, "--server", server.target())) {
      person.awaitAttached();
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

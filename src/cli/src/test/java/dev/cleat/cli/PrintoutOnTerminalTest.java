package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What programs of a session switch, on the real terminal of whoever has their output printed, when
 * a signal ends that.
 */
@Order(2)
@TestInstance(Lifecycle.PER_CLASS)
final class PrintoutOnTerminalTest {
  /** Another screen, reports of the mouse, no cursor. */
  private static final String SWITCH = "printf '\\033[?1049h\\033[?1000h\\033[?25lscr''een'";

  private static final String[] UNDONE = {"\033[?1049l", "\033[?1000l", "\033[?25h"};

  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
  void aSignalThatEndsLogsLeavesTheTerminalAsItWas(String signal, int code, @TempDir Path folder)
      throws Exception {
    String id = server.create("sh", "--", "-c", SWITCH + "; exec sleep 600");
    try (OnTerminal person =
        new OnTerminal(folder, "logs", id, "-f", "--server", server.target())) {
      person.awaitShown("screen");

      person.signal(signal);

      assertThat(person.awaitEnd()).isEqualTo(code);
      assertThat(person.shown().split("screen", 2)[1]).contains(UNDONE).endsWith("\r\n");
      assertThat(person.shown().split("\\Q\033[?1049l\\E", -1)).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "HUP, 129"})
  void aSignalThatEndsAPromptLeavesTheTerminalAsItWas(String signal, int code, @TempDir Path folder)
      throws Exception {
    String id = server.create("bash");
    try (OnTerminal person = prompt(folder, id, SWITCH + "; sleep 600")) {
      person.awaitShown("screen");

      person.signal(signal);

      assertThat(person.awaitEnd()).isEqualTo(code);
      assertThat(person.shown().split("screen", 2)[1]).contains(UNDONE);
    }
  }

  @Test
  void theSecondCtrlCLeavesTheTerminalAsItWas(@TempDir Path folder) throws Exception {
    String id = server.create("bash");
    String stubborn = "(trap 'echo caught' INT; " + SWITCH + "; while :; do sleep 600; done)";
    try (OnTerminal person = prompt(folder, id, stubborn)) {
      person.awaitShown("screen");

      person.signal("INT");
      person.awaitShown("caught");
      person.signal("INT");

      assertThat(person.awaitEnd()).isEqualTo(130);
      assertThat(person.shown().split("screen", 2)[1]).contains(UNDONE);
    }
  }

  private OnTerminal prompt(Path folder, String id, String command) throws Exception {
    return new OnTerminal(folder, "prompt", id, command, "--server", server.target());
  }
}

package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.ENVIRONMENT;
import static dev.cleat.server.terminal.Implementation.shell;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for every implementation that is a terminal. */
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PIPES")
final class TtyContractTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final String PROMPT = "ready> ";

  private final TerminalFactory terminals;

  TtyContractTest(Implementation implementation) {
    this.terminals = implementation.factory(new Drain(HOUR, HOUR));
  }

  private static TerminalSpec bash() {
    final Map<String, String> environment = new TreeMap<>(ENVIRONMENT);
    environment.put("PS1", PROMPT);
    environment.put("HISTFILE", "");
    return new TerminalSpec(
        List.of("/bin/bash", "--norc", "--noprofile", "--noediting", "-i"),
        environment,
        Path.of("/"),
        new Size(24, 80));
  }

  @Test
  void theSizeIsRightFromTheFirstInstruction() throws Exception {
    for (int i = 1; i <= 100; i++) {
      final Recorder recorder = new Recorder();
      final Size size = new Size(i, 1000 + i);
      terminals.start(
          new TerminalSpec(List.of("/bin/stty", "size"), Map.of(), Path.of("/"), size), recorder);
      recorder.awaitExit();
      assertThat(recorder.text().strip()).isEqualTo(size.rows() + " " + size.columns());
    }
  }

  @Test
  void theLargestSizeIsTheKernels() throws Exception {
    final Recorder recorder = new Recorder();
    terminals.start(
        new TerminalSpec(
            List.of("/bin/stty", "size"), Map.of(), Path.of("/"), new Size(Size.MAX, Size.MAX)),
        recorder);
    recorder.awaitExit();
    assertThat(recorder.text().strip()).isEqualTo("65535 65535");
  }

  @Test
  void theProcessHearsOfANewSize() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.01; done"),
            recorder);
    recorder.awaitText("ready");
    terminal.resize(new Size(43, 132));
    recorder.awaitExit();
    assertThat(recorder.text()).contains("43 132");
  }

  @Test
  void jobControlOfAnInteractiveShellWorksWithoutAWarning() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(bash(), recorder);
    assertThat(recorder.awaitText(PROMPT)).isEqualTo(PROMPT);
    Processes.type(terminal, "sh -c 'echo job''up; exec sleep 1000'\n");
    // Before its exec, a job still ignores what shells ignore.
    recorder.awaitText("jobup");
    assertThat(terminal.foreground()).isEqualTo(Foreground.OTHER);
    Processes.type(terminal, "\032");
    recorder.awaitText("Stopped");
    Processes.eventually(() -> terminal.foreground() == Foreground.LEADER);
    Processes.type(terminal, "fg\n");
    Processes.eventually(() -> terminal.foreground() == Foreground.OTHER);
    Processes.type(terminal, "\003");
    Processes.eventually(() -> terminal.foreground() == Foreground.LEADER);
    Processes.type(terminal, "exit $?\n");
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(130));
  }

  @Test
  void aShellThatComputesItselfIsAtWorkUntilItWaits() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(bash(), recorder);
    recorder.awaitText(PROMPT);
    Processes.eventually(() -> terminal.foreground() == Foreground.LEADER);
    Processes.type(terminal, "while :; do :; done\n");
    Processes.eventually(() -> terminal.foreground() == Foreground.LEADER_AT_WORK);
    Processes.type(terminal, "\003");
    Processes.eventually(() -> terminal.foreground() == Foreground.LEADER);
    terminal.close();
    recorder.awaitExit();
  }

  @Test
  void interruptAndKillReachTheForegroundJobAndNotTheShell() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(bash(), recorder);
    recorder.awaitText(PROMPT);
    terminal.killForeground();
    Processes.type(terminal, "sh -c 'echo job''up; exec sleep 1000'\n");
    recorder.awaitText("jobup");
    terminal.interrupt();
    recorder.awaitText(t -> t.split(PROMPT, -1).length == 3);
    Processes.type(terminal, "sh -c 'echo again''up; exec sleep 1000'; echo killed=$?\n");
    recorder.awaitText("againup");
    terminal.killForeground();
    assertThat(recorder.awaitLine("killed=")).isEqualTo("137");
    terminal.close();
    recorder.awaitExit();
  }

  @Test
  void interruptOvertakesInputThatNobodyReads() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("stty raw -echo; trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done"),
            recorder);
    recorder.awaitText("ready");
    final ByteBuffer flood = ByteBuffer.allocate(4 * 1024 * 1024);
    Processes.eventually(
        () -> terminal.write(flood) == 0 && !terminal.awaitWritable(Duration.ofMillis(20)));
    terminal.interrupt();
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(7));
  }

  @Test
  void stopEndsTheBackgroundJobsOfAnInteractiveShell() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(bash(), recorder);
    recorder.awaitText(PROMPT);
    Processes.type(
        terminal,
        """
        sleep 1000 &
        nohup sleep 1001 >/dev/null 2>&1 &
        (trap '' HUP TERM; sleep 1002; sleep 1003) &
        sleep 1004 & disown
        echo do''ne
        """);
    recorder.awaitText("done");
    Processes.eventually(() -> Processes.session(terminal.pid()).size() >= 6);
    terminal.stop(Duration.ofMillis(200));
    recorder.awaitExit();
    assertThat(Processes.session(terminal.pid())).filteredOn(Processes::runs).isEmpty();
  }

  @Test
  void aPauseDoesNotShowInAShell(@TempDir Path folder) throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(bash(), recorder);
    recorder.awaitText(PROMPT);
    final Path end = folder.resolve("end");
    Processes.type(terminal, "while [ ! -e " + end + " ]; do sleep 0.01; done; echo code=$?\n");
    Processes.eventually(() -> terminal.foreground() == Foreground.OTHER);
    for (int i = 0; i < 50; i++) {
      terminal.pause();
      terminal.resume();
    }
    Files.createFile(end);
    assertThat(recorder.awaitLine("code=")).isEqualTo("0");
    assertThat(recorder.text()).doesNotContain("Stopped");
    terminal.close();
    recorder.awaitExit();
  }

  @Test
  void aTerminalThatAllHaveClosedCanBeOpenedAgain() throws Exception {
    final Recorder recorder = new Recorder();
    terminals.start(
        shell("exec </dev/null >/dev/null 2>&1; sleep 0.3; echo back >/dev/tty; exit 5"), recorder);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(5));
    assertThat(recorder.text()).contains("back");
  }

  @Test
  void erasingTakesAWholeCharacter() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(shell("stty -echo; echo ready; read line; echo \"<$line>\""), recorder);
    recorder.awaitText("ready");
    Processes.type(terminal, "aé\177€\177b\n");
    recorder.awaitExit();
    assertThat(recorder.text()).contains("<ab>");
  }

  @Test
  void nothingIsLeftInTheTempFolder() throws Exception {
    // Another test may be loading what pty4j brings along.
    Processes.eventually(TtyContractTest::nothingOfPtysIsInTheTempFolder);
  }

  private static boolean nothingOfPtysIsInTheTempFolder() throws IOException {
    try (java.util.stream.Stream<Path> files =
        Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.noneMatch(file -> file.getFileName().toString().contains("pty"));
    }
  }
}

package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of terminals that came and went: nothing, whatever the implementation. */
@Isolated("counts the descriptors and children of this process")
@ParameterizedClass
@EnumSource
final class LeavesNothingTest {
  private static final int TIMES = 50;

  private final TerminalFactory terminals;

  LeavesNothingTest(Implementation implementation) {
    this.terminals = implementation.factory();
  }

  @Test
  void startsAndStops() throws Exception {
    leavesNothing(this::startAndStop);
  }

  private void startAndStop() throws TerminalStartException {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(spec("/bin/sleep", "1000"), recorder);
    terminal.stop(Duration.ofSeconds(30));
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.HUP.number(), false));
  }

  @Test
  void failuresToStart(@TempDir Path folder) throws Exception {
    final Path garbage = Files.write(folder.resolve("garbage"), new byte[1000]);
    assertThat(garbage.toFile().setExecutable(true)).isTrue();
    leavesNothing(() -> {
      refused(folder.resolve("missing"));
      refused(folder);
      refused(garbage);
    });
  }

  private void refused(Path program) {
    assertThatThrownBy(() -> terminals.start(spec(program.toString()), new Recorder()))
        .isInstanceOf(TerminalStartException.class);
  }

  private interface Cycle {
    void run() throws Exception;
  }

  private static void leavesNothing(Cycle cycle) throws Exception {
    // What is opened once and kept is open by then.
    cycle.run();
    final int descriptors = Processes.descriptors();
    for (int i = 0; i < TIMES; i++) {
      cycle.run();
    }
    // What earlier tests have left in the pools of this process comes and goes.
    assertThat(Processes.descriptors()).isLessThan(descriptors + TIMES / 2);
    assertThat(Processes.zombies()).isEmpty();
  }
}

package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.shell;
import static dev.cleat.server.terminal.Implementation.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What pipes have and terminals have not. */
final class PipeContractTest {
  private final TerminalFactory pipes = new PipeTerminals();

  @Test
  void outputAndErrorsComeApart() throws Exception {
    final Recorder recorder = new Recorder();
    pipes.start(shell("echo out; echo err >&2"), recorder);
    recorder.awaitExit();
    assertThat(recorder.text(Stream.STDOUT)).isEqualTo("out\n");
    assertThat(recorder.text(Stream.STDERR)).isEqualTo("err\n");
  }

  @Test
  void theEndOfTheInputIsReadAfterAllThatWasWritten() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = pipes.start(spec("/bin/cat"), recorder);
    Processes.type(terminal, "word");
    terminal.endInput();
    terminal.endInput();
    assertThatThrownBy(() -> terminal.write(ByteBuffer.allocate(1)))
        .isInstanceOf(TerminalClosedException.class);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
    assertThat(recorder.text()).isEqualTo("word");
  }

  @Test
  void inputThatTheProcessHasClosedIsRefused() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        pipes.start(shell("exec <&-; echo closed; exec sleep 1000"), recorder);
    recorder.awaitText("closed");
    // A process that is being started meanwhile has the pipe open for a moment too.
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThatThrownBy(() -> terminal.write(ByteBuffer.allocate(1)))
                .isInstanceOf(TerminalClosedException.class)
                .hasMessageContaining("takes no more input"));
    terminal.close();
    recorder.awaitExit();
  }

  @Test
  void thereIsNoTerminal() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        pipes.start(shell("test -t 0 || (: </dev/tty) || echo none; read x"), recorder);
    recorder.awaitText("none");
    assertThat(terminal.foreground()).isEqualTo(Foreground.UNKNOWN);
    terminal.killForeground();
    Processes.type(terminal, "\n");
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
  }
}

package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.shell;
import static dev.cleat.server.terminal.Implementation.spec;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** How a process ends, and what is left of it: what holds for every implementation. */
@ParameterizedClass
@EnumSource
final class EndContractTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration HOUR = Duration.ofHours(1);

  private final Implementation implementation;
  private final TerminalFactory terminals;

  EndContractTest(Implementation implementation) {
    this.implementation = implementation;
    // Whatever is quick in spite of this does not wait for quiet.
    this.terminals = implementation.factory(new Drain(HOUR, HOUR));
  }

  private Exit exitOf(String script) throws TerminalStartException {
    final Recorder recorder = new Recorder();
    terminals.start(shell(script), recorder);
    return recorder.awaitExit();
  }

  @Test
  void everyExitCodeIsReportedAsItIs() throws Exception {
    for (int code = 0; code < 256; code++) {
      assertThat(exitOf("exit " + code)).isEqualTo(new Exit.Code(code));
    }
  }

  @Test
  void aSignalIsReportedAsASignal() throws Exception {
    final List<Signal> deadly =
        List.of(
            Signal.HUP,
            Signal.INT,
            Signal.QUIT,
            Signal.ABRT,
            Signal.KILL,
            Signal.USR1,
            Signal.SEGV,
            Signal.PIPE,
            Signal.TERM);
    for (final Signal signal : deadly) {
      assertThat(exitOf("ulimit -c 0; kill -" + signal + " $$"))
          .isEqualTo(new Exit.Signalled(signal.number(), false));
    }
  }

  @Test
  void signalsReachTheWholeGroupOfTheLeader() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(shell("sleep 1000 & echo pid=$!; wait"), recorder);
    final int child = Integer.parseInt(recorder.awaitLine("pid="));
    terminal.signal(Signal.TERM);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.TERM.number(), false));
    // Its end may come a moment after the leader's: each handles its own signal.
    Processes.eventually(() -> !Processes.runs(child));
  }

  @Test
  void interruptReachesTheProcess() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("trap 'exit 5' INT; echo ready; while :; do sleep 0.01; done"), recorder);
    recorder.awaitText("ready");
    terminal.interrupt();
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(5));
  }

  @Test
  void whatAGrandchildWritesAfterTheLeadersExitIsNotLost() throws Exception {
    final Recorder recorder = new Recorder();
    terminals.start(
        shell("trap '' HUP; (for i in $(seq 20); do sleep 0.02; echo line $i; done) & exit 3"),
        recorder);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(3));
    assertThat(recorder.text().lines())
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, 20).mapToObj(i -> "line " + i).toList());
  }

  @Test
  void aSilentGrandchildDelaysTheExitByTheQuietPeriodOnly() throws Exception {
    final Recorder recorder = new Recorder();
    implementation
        .factory(new Drain(SHORT, HOUR))
        .start(shell("trap '' HUP; sleep 1000 & echo pid=$!"), recorder);
    final int grandchild = Integer.parseInt(recorder.awaitLine("pid="));
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
    assertThat(Processes.runs(grandchild)).isTrue();
    Processes.kill(grandchild);
  }

  @Test
  void aGrandchildThatNeverEndsItsOutputIsCutOffAtTheCap() throws Exception {
    final Recorder recorder = new Recorder();
    implementation
        .factory(new Drain(HOUR, SHORT))
        .start(
            shell("trap '' HUP; (while :; do echo x; done 2>/dev/null) & echo pid=$!"), recorder);
    final int grandchild = Integer.parseInt(recorder.awaitLine("pid="));
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
    Processes.kill(grandchild);
  }

  @Test
  void aLeaderThatClosesItsStreamsIsWaitedFor() throws Exception {
    assertThat(exitOf("exec </dev/null >/dev/null 2>&1; sleep 0.3; exit 6"))
        .isEqualTo(new Exit.Code(6));
  }

  @Test
  void lastWordsBeforeTheExitArriveAlways() throws Exception {
    final String words = "w".repeat(3000);
    for (int i = 0; i < 100; i++) {
      final Recorder recorder = new Recorder();
      terminals.start(spec("/usr/bin/printf", "%s", words), recorder);
      recorder.awaitExit();
      assertThat(recorder.text()).isEqualTo(words);
    }
  }

  @Test
  void stopEndsAProcessThatIgnoresHangUpAndTerm() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("trap '' HUP TERM; echo ready; while :; do sleep 0.01; done"), recorder);
    recorder.awaitText("ready");
    terminal.stop(Duration.ofMillis(600));
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.KILL.number(), false));
  }

  @Test
  void stopHangsUpAndThenTerminates() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell(
                "trap 'echo HUP' HUP; trap 'exit 9' TERM; echo ready; while :; do sleep 0.01;"
                    + " done"),
            recorder);
    recorder.awaitText("ready");
    // Half of it is also how long the shell may take for each of the two.
    terminal.stop(Duration.ofSeconds(12));
    recorder.awaitText("HUP");
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(9));
  }

  @Test
  void stopLetsAProcessEndByItself() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("trap 'exit 9' HUP; echo ready; while :; do sleep 0.01; done"), recorder);
    recorder.awaitText("ready");
    terminal.stop(LONG);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(9));
  }

  @Test
  void stopEndsEveryProcessGroupOfTheSession() throws Exception {
    final Recorder recorder = new Recorder();
    // set -m: each job gets a process group of its own.
    final Terminal terminal =
        terminals.start(
            shell(
                "set -m; sleep 1000 & (trap '' HUP TERM; exec sleep 1001) >/dev/null 2>&1 & sleep"
                    + " 1002 | sleep 1003 & echo ready; wait"),
            recorder);
    recorder.awaitText("ready");
    Processes.eventually(() -> Processes.session(terminal.pid()).size() >= 5);
    terminal.stop(SHORT);
    recorder.awaitExit();
    assertThat(Processes.session(terminal.pid())).filteredOn(Processes::runs).isEmpty();
  }

  @Test
  void stopEndsAStoppedProcess() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(spec("/bin/sleep", "1000"), recorder);
    terminal.pause();
    terminal.stop(LONG);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.HUP.number(), false));
  }

  @Test
  void aStopInHasteOvertakesOneWithPatience() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("trap '' HUP TERM; echo ready; while :; do sleep 0.01; done"), recorder);
    recorder.awaitText("ready");
    terminal.stop(HOUR);
    terminal.stop(Duration.ZERO);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.KILL.number(), false));
  }

  @Test
  void closeKillsWhatRuns() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(spec("/bin/sleep", "1000"), recorder);
    terminal.close();
    terminal.close();
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.KILL.number(), false));
  }

  @Test
  void everythingIsHarmlessAfterTheExit() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = terminals.start(spec("/bin/true"), recorder);
    recorder.awaitExit();
    terminal.signal(Signal.KILL);
    terminal.interrupt();
    terminal.killForeground();
    terminal.resize(new Size(10, 10));
    terminal.pause();
    terminal.resume();
    terminal.stop(LONG);
    terminal.stop(Duration.ZERO);
    terminal.endInput();
    assertThat(terminal.foreground()).isEqualTo(Foreground.GONE);
    assertThat(terminal.awaitWritable(LONG)).isFalse();
    assertThatThrownBy(() -> terminal.write(ByteBuffer.allocate(1)))
        .isInstanceOf(TerminalClosedException.class);
    terminal.close();
  }

  @Test
  void aPausedSessionStandsStillAndGoesOn() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("set -m; sleep 1000 & while :; do i=$((i+1)); echo $i; sleep 0.01; done"),
            recorder);
    recorder.awaitText("10");
    terminal.pause();
    assertThat(standsStill(terminal)).isTrue();
    final String before = recorder.text();
    terminal.resume();
    recorder.awaitText(text -> text.length() > before.length() + 100);
    terminal.close();
    recorder.awaitExit();
  }

  private static boolean standsStill(Terminal terminal) {
    final List<Integer> session = Processes.session(terminal.pid());
    return session.size() >= 2 && session.stream().allMatch(Processes::standsStill);
  }

  @Test
  void whoWritesIsToldOfTheEndAlsoWhereWhoReadsIsHeldUp() throws Exception {
    final CountDownLatch goesOn = new CountDownLatch(1);
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("echo word"),
            new TerminalListener() {
              @Override
              public void output(Stream stream, ByteBuffer data) {
                try {
                  goesOn.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                recorder.output(stream, data);
              }

              @Override
              public void exited(Exit exit) {
                recorder.exited(exit);
              }
            });
    Processes.eventually(() -> !Processes.runs((int) terminal.pid()));

    Processes.eventually(() -> !terminal.awaitWritable(SHORT));
    assertThatThrownBy(() -> terminal.write(ByteBuffer.allocate(1)))
        .isInstanceOf(TerminalClosedException.class);

    goesOn.countDown();
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
    assertThat(recorder.text()).isEqualToNormalizingNewlines("word\n");
  }

  @Test
  void anExitStatusThatSomeoneElseTookIsUnknown() throws Exception {
    final CountDownLatch reaped = new CountDownLatch(1);
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell("echo word"),
            new TerminalListener() {
              @Override
              public void output(Stream stream, ByteBuffer data) {
                try {
                  reaped.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                recorder.output(stream, data);
              }

              @Override
              public void exited(Exit exit) {
                recorder.exited(exit);
              }
            });
    Processes.eventually(() -> Libc.reap((int) terminal.pid()).isPresent());
    reaped.countDown();
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Unknown());
    assertThat(recorder.text()).isEqualToNormalizingNewlines("word\n");
  }

  @Test
  void aListenerThatFailsLosesItsTerminalOnlyAndIsToldHowMuchWasDropped() throws Exception {
    final Recorder recorder = new Recorder();
    final AtomicInteger dropped = new AtomicInteger();
    terminals.start(
        shell("trap '' HUP TERM; printf word; while :; do sleep 0.01; done"),
        new TerminalListener() {
          @Override
          public void output(Stream stream, ByteBuffer data) {
            throw new IllegalStateException("meant to fail");
          }

          @Override
          public void dropped(int bytes) {
            dropped.addAndGet(bytes);
          }

          @Override
          public void exited(Exit exit) {
            recorder.exited(exit);
          }
        });
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.KILL.number(), false));
    assertThat(dropped).hasValue(4);
  }

  @Test
  void aListenerThatBlocksHoldsBackItsOwnProcessAndDoesNotKeepItFromBeingStopped()
      throws Exception {
    final CountDownLatch called = new CountDownLatch(1);
    final CountDownLatch free = new CountDownLatch(1);
    final Recorder blocked = new Recorder();
    final Terminal terminal =
        terminals.start(
            shell(implementation.raw() + "exec cat /dev/zero"),
            new TerminalListener() {
              @Override
              public void output(Stream stream, ByteBuffer data) {
                called.countDown();
                try {
                  free.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                blocked.output(stream, data);
              }

              @Override
              public void exited(Exit exit) {
                blocked.exited(exit);
              }
            });
    called.await();
    assertThat(exitOf("exit 4")).isEqualTo(new Exit.Code(4));
    terminal.stop(LONG);
    Processes.eventually(() -> !Processes.runs((int) terminal.pid()));
    assertThat(blocked.hasExited()).isFalse();
    free.countDown();
    assertThat(blocked.awaitExit()).isEqualTo(new Exit.Signalled(Signal.HUP.number(), false));
  }

  @Test
  void terminalsThatComeAndGoDoNotDisturbAThird() throws Exception {
    final Recorder third = new Recorder();
    terminals.start(
        shell(implementation.raw() + "for i in $(seq 40); do seq 1 20000; done"), third);
    final AtomicBoolean over = new AtomicBoolean();
    final List<Thread> others = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      others.add(Thread.ofPlatform().start(() -> comeAndGo(over)));
    }
    assertThat(third.awaitExit()).isEqualTo(new Exit.Code(0));
    over.set(true);
    for (final Thread other : others) {
      other.join();
    }
    final String expected =
        IntStream.rangeClosed(1, 20_000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    final var crc = new CRC32C();
    for (int i = 0; i < 40; i++) {
      crc.update(expected.getBytes(US_ASCII));
    }
    assertThat(third.crc()).isEqualTo(crc.getValue());
  }

  private void comeAndGo(AtomicBoolean over) {
    while (!over.get()) {
      final Recorder recorder = new Recorder();
      try (Terminal _ = terminals.start(shell("echo word; exec sleep 1000"), recorder)) {
        recorder.awaitText("word");
      } catch (TerminalStartException e) {
        throw new AssertionError(e);
      }
      recorder.awaitExit();
    }
  }
}

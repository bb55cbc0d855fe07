package dev.cleat.server.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** What tests ask of, and do to, processes. */
final class Processes {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration POLL = Duration.ofMillis(5);

  private Processes() {}

  static int descriptors() throws IOException {
    try (java.util.stream.Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return (int) files.count();
    }
  }

  /** Processes in a session, dead ones that nobody has reaped included. */
  static List<Integer> session(long leader) {
    return ProcessTable.ofMachine().session((int) leader);
  }

  static boolean runs(int pid) {
    return ProcessTable.read(pid).filter(ProcessTable.Entry::alive).isPresent();
  }

  static char state(int pid) {
    return ProcessTable.read(pid).map(ProcessTable.Entry::state).orElse('-');
  }

  /**
   * Whether a process has stopped, or stops before its next instruction: it waits for its child to
   * become a program, or for a processor with the stop pending.
   */
  static boolean standsStill(int pid) {
    return hasStopped(pid) || isToldToStop(pid) || hasStopped(pid);
  }

  private static boolean hasStopped(int pid) {
    return "TZD".indexOf(state(pid)) >= 0;
  }

  private static boolean isToldToStop(int pid) {
    try {
      return Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status")).stream()
          .filter(line -> line.startsWith("ShdPnd:"))
          .map(line -> Long.parseUnsignedLong(line.substring("ShdPnd:".length()).strip(), 16))
          .anyMatch(pending -> (pending & (1L << (Signal.STOP.number() - 1))) != 0);
    } catch (IOException e) {
      return true; // Ended meanwhile.
    }
  }

  static void kill(int pid) {
    final Optional<ProcessHandle> process = ProcessHandle.of(pid);
    process.ifPresent(ProcessHandle::destroyForcibly);
    eventually(() -> !runs(pid));
  }

  /** This server's children that have ended and were not reaped. */
  static List<Long> zombies() {
    final List<Long> zombies = new ArrayList<>();
    ProcessHandle.current()
        .children()
        .filter(child -> state((int) child.pid()) == 'Z')
        .forEach(child -> zombies.add(child.pid()));
    return zombies;
  }

  /** Writes it all, waiting where the process does not keep up. */
  static void write(Terminal terminal, byte[] bytes) throws TerminalClosedException {
    final ByteBuffer data = ByteBuffer.wrap(bytes);
    while (data.hasRemaining()) {
      if (terminal.write(data) == 0) {
        assertThat(terminal.awaitWritable(PATIENCE)).isTrue();
      }
    }
  }

  /** Waits until a condition holds. */
  static void eventually(Callable<Boolean> condition) {
    Awaitility.await().pollInterval(POLL).atMost(PATIENCE).until(condition);
  }

  static void type(Terminal terminal, String text) throws TerminalClosedException {
    write(terminal, text.getBytes(StandardCharsets.UTF_8));
  }
}

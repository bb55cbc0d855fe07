package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import com.pty4j.unix.Pty;
import com.pty4j.unix.PtyHelpers;
import dev.cleat.server.terminal.TerminalStartException.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts programs on pseudo terminals of pty4j. Only its two primitives are used: opening a master,
 * and fork with exec on the slave. What it would do around them, in streams and a reaper, is what
 * loses bytes and exit signals.
 */
final class Pty4jLauncher implements Launcher {
  private static final long EXEC_LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long LONGEST_EXEC_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final int SPARE_DESCRIPTORS = 8;
  private static final int EXEC_FAILED = 127;
  private static final int NO_TERMINAL = 125;
  private static final int SET_MASK = 2;
  private static final long MASK_BYTES = 128;
  private static final int NO_ERROR_TERMINAL = -1;

  private static final MethodHandle SIGMASK =
      Libc.call("pthread_sigmask", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle EXIT_NOW =
      Libc.call("_exit", FunctionDescriptor.ofVoid(JAVA_INT));

  private final long server = ProcessHandle.current().pid();

  /**
   * Loads pty4j's native library.
   *
   * @throws IllegalStateException if it cannot be loaded
   */
  Pty4jLauncher() {
    Pty4jLibrary.load();
  }

  @Override
  public Launched launch(TerminalSpec spec) throws TerminalStartException {
    try (Preflight preflight = Preflight.check(spec)) {
      final kotlin.Pair<Integer, String> opened = Pty.ptyMasterOpen();
      if (opened.getFirst() < 0) {
        throw Refusal.noDescriptor(-PtyHelpers.errno());
      }
      final PtyLine line = new PtyLine(opened.getFirst());
      try {
        Refusal.checked(line.prepare(spec.size()));
        final int pid = fork(spec, preflight.workdirName(), opened);
        awaitExec(spec, pid);
        return new Launched(pid, line);
      } catch (TerminalStartException | RuntimeException | Error e) {
        line.close();
        throw e;
      }
    }
  }

  private int fork(TerminalSpec spec, String workdir, kotlin.Pair<Integer, String> pty)
      throws TerminalStartException {
    final String[] command = spec.command().toArray(String[]::new);
    final String[] environment =
        spec.environment().entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .toArray(String[]::new);
    final int pid;
    try (Arena arena = Arena.ofConfined()) {
      // Java's threads block SIGQUIT, and what is blocked at the fork is blocked in the child.
      final MemorySegment before = arena.allocate(MASK_BYTES, Long.BYTES);
      makeRoom();
      mask(arena, arena.allocate(MASK_BYTES, Long.BYTES), before);
      pid =
          PtyHelpers.execPty(
              command[0],
              command,
              environment,
              workdir,
              pty.getSecond(),
              pty.getFirst(),
              "",
              NO_ERROR_TERMINAL,
              false);
      if (pid < 0) {
        leaveIfChild(arena);
      }
      mask(arena, before, MemorySegment.NULL);
    }
    if (pid < 0) {
      throw new TerminalStartException(Kind.FAILED, "the machine made no process");
    }
    return pid;
  }

  private static void mask(Arena arena, MemorySegment mask, MemorySegment before) {
    try {
      int _ = (int) SIGMASK.invokeExact(Libc.errno(arena), SET_MASK, mask, before);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * When the child cannot open its terminal, pty4j returns from the fork in it: a second server.
   */
  private void leaveIfChild(Arena arena) {
    if (Libc.getpid() != server) {
      try {
        EXIT_NOW.invokeExact(Libc.errno(arena), NO_TERMINAL);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * pty4j's child exits with 127 if exec fails, which a program may do as well: ask the kernel
   * which it was.
   */
  private static void awaitExec(TerminalSpec spec, int pid) throws TerminalStartException {
    final long end = System.nanoTime() + LONGEST_EXEC_NANOS;
    Optional<ProcessTable.Entry> child = ProcessTable.read(pid);
    while (child.isPresent() && !child.get().afterExec()) {
      if (!child.get().alive() || System.nanoTime() - end > 0) {
        throw refusal(spec, TerminalStarter.discard(pid));
      }
      LockSupport.parkNanos(EXEC_LOOK_NANOS);
      child = ProcessTable.read(pid);
    }
  }

  private static TerminalStartException refusal(TerminalSpec spec, Exit exit) {
    return switch (exit) {
      case Exit.Code(int code) when code == EXEC_FAILED -> Refusal.notRunnable(spec);
      case Exit.Code(int code) when code == NO_TERMINAL -> Refusal.noDescriptor(-Libc.EMFILE);
      default -> Refusal.neverRan(spec);
    };
  }

  /**
   * Makes sure that the child has room for the descriptor of its terminal. Without it pty4j does
   * not exit in the child but returns from the fork, as a second server with a single thread, which
   * may hang on a lock of one that is not there.
   */
  private static void makeRoom() throws TerminalStartException {
    final int[] room = new int[SPARE_DESCRIPTORS];
    int count = 0;
    int last = 0;
    while (last >= 0 && count < room.length) {
      last = Libc.open("/dev/null", Libc.O_CLOEXEC);
      if (last >= 0) {
        room[count++] = last;
      }
    }
    // Several, since other threads may take some of them before the fork.
    for (int i = 0; i < count; i++) {
      Libc.close(room[i]);
    }
    Refusal.checked(last);
  }
}

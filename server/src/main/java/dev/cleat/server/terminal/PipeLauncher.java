package dev.cleat.server.terminal;

import java.util.ArrayList;
import java.util.List;

/** Starts programs on three pipes, with posix_spawn. */
final class PipeLauncher implements Launcher {

  @Override
  public Launched launch(TerminalSpec spec) throws TerminalStartException {
    try (Preflight preflight = Preflight.check(spec);
        Pipes pipes = new Pipes()) {
      final int[] stdin = pipes.open();
      final int[] stdout = pipes.open();
      final int[] stderr = pipes.open();
      final int pid =
          PosixSpawn.onDescriptors(
              spec, preflight.workdir().fd(), List.of(stdin[0], stdout[1], stderr[1]));
      if (pid < 0) {
        throw Refusal.spawn(spec, pid);
      }
      final int in = pipes.keep(stdin[1]);
      final int out = pipes.keep(stdout[0]);
      final int err = pipes.keep(stderr[0]);
      return new Launched(pid, new PipeLine(in, out, err));
    }
  }

  /** Pipes under construction: closes what is not kept. */
  private static final class Pipes implements AutoCloseable {
    private final List<Integer> open = new ArrayList<>();

    /** A pipe's reading and writing end. */
    int[] open() throws TerminalStartException {
      final int[] ends = new int[2];
      Refusal.checked(Libc.pipe(ends));
      open.add(ends[0]);
      open.add(ends[1]);
      return ends;
    }

    /** Keeps the server's end, which must not block; the process's own end still does. */
    int keep(int end) {
      final int _ = Libc.fcntl(end, Libc.F_SETFL, Libc.O_NONBLOCK);
      open.remove(Integer.valueOf(end));
      return end;
    }

    @Override
    public void close() {
      open.forEach(Libc::close);
    }
  }
}

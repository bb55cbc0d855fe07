package dev.cleat.server.terminal;

import com.pty4j.unix.Pty;
import com.pty4j.unix.PtyHelpers;

/**
 * Starts programs on pseudo terminals that pty4j opens, which is all that is used of it. Its
 * streams and its reaper lose bytes and exit signals. It forks, which copies the page tables of the
 * whole server, and has the other threads fault on every page that they write to meanwhile:
 * posix_spawn does neither.
 */
final class PtyLauncher implements Launcher {

  /**
   * Loads pty4j's native library.
   *
   * @throws IllegalStateException if it cannot be loaded
   */
  PtyLauncher() {
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
        final int pid = PosixSpawn.onTerminal(spec, preflight.workdir().fd(), opened.getSecond());
        if (pid < 0) {
          throw Refusal.spawn(spec, pid);
        }
        return new Launched(pid, line);
      } catch (TerminalStartException | RuntimeException | Error e) {
        line.close();
        throw e;
      }
    }
  }
}

package dev.cleat.server.terminal;

/** Starts a program on a line of some kind. Thread-safe. */
@FunctionalInterface
interface Launcher {

  /**
   * A started program.
   *
   * @param pid its process, the leader of a session and not yet reaped
   */
  record Launched(int pid, Line line) {}

  /**
   * Starts a program, and returns when it runs. To be called on a platform thread.
   *
   * @throws TerminalStartException if it does not; nothing is left behind
   */
  Launched launch(TerminalSpec spec) throws TerminalStartException;
}

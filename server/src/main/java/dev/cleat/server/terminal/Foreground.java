package dev.cleat.server.terminal;

/** Who has the terminal. */
public enum Foreground {
  /**
   * The leader's own process group: a shell that waits at its prompt, or a program without job
   * control.
   */
  LEADER,
  /** Another process group: a job that the leader has started in the foreground. */
  OTHER,
  /** It cannot be known: there is no terminal, or nobody has it, or the process has ended. */
  UNKNOWN
}

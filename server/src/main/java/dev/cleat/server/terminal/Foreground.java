package dev.cleat.server.terminal;

/** Who has the terminal. */
public enum Foreground {
  /**
   * The leader's own process group, whose head waits: a shell at its prompt, or a program without
   * job control.
   */
  LEADER,
  /**
   * The leader's own process group, whose head computes, or will as soon as the machine lets it: a
   * shell that has not yet read what was typed, or a loop of its own commands.
   */
  LEADER_AT_WORK,
  /** Another process group: a job that the leader has started in the foreground. */
  OTHER,
  /** Nobody any more: the leader has ended, though what it has printed may be on its way. */
  GONE,
  /** It cannot be known: there is no terminal, or nobody has it. */
  UNKNOWN;

  /** Whether no job has it. */
  public boolean isLeaders() {
    return this == LEADER || this == LEADER_AT_WORK;
  }
}

package dev.cleat.server.tool;

/** What a session's process is connected to. */
public enum Mode {
  /** A pseudo-terminal. */
  PTY,
  /** Pipes, standard output and standard error apart. */
  PIPES
}

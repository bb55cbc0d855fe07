package dev.cleat.server.terminal;

/** Where output came from. */
public enum Stream {
  /** The terminal: what the process wrote to its TTY, and the echo of what was typed. */
  TERMINAL,
  /** Standard output of a process on pipes. */
  STDOUT,
  /** Standard error of a process on pipes. */
  STDERR
}

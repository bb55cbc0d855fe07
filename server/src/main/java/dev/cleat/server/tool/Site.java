package dev.cleat.server.tool;

/** Where a tool is to run, and so what can be known of it before. */
public enum Site {
  /** On this machine as the server's user, who reads the server's files. */
  SERVER,
  /** On this machine, where the server's files cannot be read. */
  MACHINE,
  /**
   * Somewhere else, such as in a container: its programs cannot be looked up, and are found, or
   * not, when it starts.
   */
  ELSEWHERE
}

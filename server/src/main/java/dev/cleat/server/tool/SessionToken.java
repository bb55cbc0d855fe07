package dev.cleat.server.tool;

/** Where the name comes from that a tool has for its own session. */
public enum SessionToken {
  /** Cleat chooses it, and tells the tool with its first command. */
  SET,
  /** The tool chooses it, and it is found in what the tool prints. */
  FOUND
}

package dev.cleat.server.tool;

/** The shells that Cleat can make mark their prompts and commands. */
public enum Shell {
  /** Bash 5.1 or later; an older one runs without marks. */
  BASH
}

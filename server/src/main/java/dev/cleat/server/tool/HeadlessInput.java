package dev.cleat.server.tool;

/** What a command that is one turn is given on its standard input. */
public enum HeadlessInput {
  /** Nothing: the prompt is among its arguments. */
  NONE,
  /** The prompt with its images as a line of Claude Code's stream-json. */
  CLAUDE
}

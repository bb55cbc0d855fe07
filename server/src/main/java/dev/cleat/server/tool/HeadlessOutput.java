package dev.cleat.server.tool;

/** What a command that is one turn prints to its standard output. */
public enum HeadlessOutput {
  /** Claude Code's stream-json. */
  CLAUDE,
  /** The JSON lines of {@code codex exec}. */
  CODEX,
  /** The JSON lines of {@code opencode run}. */
  OPENCODE,
  /** Gemini CLI's stream-json. */
  GEMINI,
  /** Text for people: all of it is what the tool said. */
  PLAIN
}

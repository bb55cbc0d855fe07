package dev.cleat.server.tool;

/** How the end of a prompt typed into a tool is found. */
public enum TurnEnd {
  /** The tool marks its prompt and its commands (OSC 133). */
  MARKS,
  /** The tool has printed nothing for a while. */
  STILLNESS,
  /** The screen shows it, by the patterns of the catalogue. */
  SCREEN,
  /** Not at all: the tool takes input, but no prompts. */
  NONE
}

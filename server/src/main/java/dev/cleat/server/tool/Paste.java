package dev.cleat.server.tool;

/** How a prompt is put into a tool's input line. */
public enum Paste {
  /** As one bracketed paste, once the tool has asked for those. */
  BRACKETED,
  /** Typed, in pieces small enough for one read of the tool. */
  TYPED
}

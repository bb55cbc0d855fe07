package dev.cleat.server.tool;

import java.util.Locale;

/** How a tool's process is talked to, best first. */
public enum Way {
  /** It speaks the Agent Client Protocol on its standard input and output. */
  ACP,
  /** One command is one turn. */
  HEADLESS,
  /** It is typed into, as by a person. */
  TERMINAL;

  /** As it is written in the contract's texts and on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

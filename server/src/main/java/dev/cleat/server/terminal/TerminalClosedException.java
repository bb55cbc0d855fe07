package dev.cleat.server.terminal;

import java.io.IOException;
import java.io.Serial;

/** Input was given to a process that has ended, or that takes no more input. */
public final class TerminalClosedException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** For the reason given. */
  public TerminalClosedException(String message) {
    super(message);
  }
}

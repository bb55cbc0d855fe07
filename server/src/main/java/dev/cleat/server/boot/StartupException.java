package dev.cleat.server.boot;

import java.io.Serial;

/**
 * The server cannot start. The message says in one line what stands in the way, where, and what to
 * do.
 */
public final class StartupException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  StartupException(String message) {
    super(message);
  }

  StartupException(String message, Throwable cause) {
    super(message, cause);
  }
}

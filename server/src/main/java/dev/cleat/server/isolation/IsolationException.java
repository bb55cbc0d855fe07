package dev.cleat.server.isolation;

import java.io.Serial;

/** A session cannot be isolated as its workspace says. The message is for callers. */
public final class IsolationException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  IsolationException(String message) {
    super(message);
  }
}

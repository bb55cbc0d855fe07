package dev.cleat.client;

import java.io.IOException;

/** Part of a session's output is no longer there. Reading again goes on behind it. */
public final class MissingOutputException extends IOException {
  private final Gap gap;

  MissingOutputException(Gap gap) {
    super("output is missing: " + gap);
    this.gap = gap;
  }

  /** Which events, and why. */
  public Gap gap() {
    return gap;
  }
}

package dev.cleat.server.journal;

import java.io.IOException;

/** The journal was closed or deleted. */
public final class JournalClosedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean deleted;

  JournalClosedException(String journal, boolean deleted) {
    super("journal " + journal + (deleted ? " is deleted" : " is closed"));
    this.deleted = deleted;
  }

  /** Whether it was deleted, rather than closed by its server. */
  public boolean deleted() {
    return deleted;
  }
}

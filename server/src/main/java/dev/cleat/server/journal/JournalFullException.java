package dev.cleat.server.journal;

import java.io.IOException;

/**
 * There was no room on the disk. The journal is as it was before the append, which may be tried
 * again.
 */
public final class JournalFullException extends IOException {
  private static final long serialVersionUID = 1L;

  JournalFullException(String journal, IOException cause) {
    super("no room left on the disk for journal " + journal, cause);
  }
}

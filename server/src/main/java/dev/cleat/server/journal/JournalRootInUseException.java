package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.Path;

/** Another server, or another part of this one, has the folder of journals open. */
public final class JournalRootInUseException extends IOException {
  private static final long serialVersionUID = 1L;

  JournalRootInUseException(Path folder) {
    super("the folder " + folder + " is in use by another server");
  }
}

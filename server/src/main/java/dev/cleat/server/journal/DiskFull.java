package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells a full disk from other failures, which the JDK reports alike. */
final class DiskFull {
  private DiskFull() {}

  /** Whether writing this many bytes into a folder failed for want of room. */
  static boolean is(IOException failure, Path folder, long bytes) {
    String message = String.valueOf(failure.getMessage());
    if (message.contains("No space left on device") || message.contains("quota exceeded")) {
      return true;
    }
    // In another language the message says it otherwise; then the disk is asked.
    try {
      return Files.getFileStore(folder).getUsableSpace() < bytes;
    } catch (IOException e) {
      failure.addSuppressed(e);
      return false;
    }
  }
}

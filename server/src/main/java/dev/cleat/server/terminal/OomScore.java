package dev.cleat.server.terminal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whom the kernel ends first when memory is used up, of the machine or of a container: what
 * sessions have started, before the server that has them all.
 */
final class OomScore {
  private static final Path OWN = Path.of("/proc/self/oom_score_adj");

  /** As if a process had half of all memory besides what it has: proc_pid_oom_score_adj(5). */
  private static final int MORE = 500;

  private static final int HIGHEST = 1000;

  private OomScore() {}

  /**
   * Puts a process, and all that it starts from now on, before this one. A process that is closed
   * to this one's user stays as it was.
   */
  static void raise(int pid) {
    try {
      final int score = Math.min(HIGHEST, Integer.parseInt(Files.readString(OWN).strip()) + MORE);
      Files.writeString(Path.of("/proc", String.valueOf(pid), "oom_score_adj"), "" + score);
    } catch (IOException e) {
      // It has ended, or is another user's: nothing depends on it but who is ended first.
    }
  }
}

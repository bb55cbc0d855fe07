package dev.cleat.server.journal;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What a folder of journals remembers about the runs of its servers, to tell a crash of the
 * machine, which loses what was not synced, from the end of a process, which does not.
 *
 * @param bootId the machine's boot during the last run, empty when it cannot be told
 * @param clean whether the last run ended with everything synced
 * @param run the last run: the time of its start in milliseconds since 1970, later than the one
 *     before
 * @param lastCrashRun the first run after the last crash of the machine, 0 if there was none. A
 *     journal whose newest segment is from an earlier run has not been opened since, and may have
 *     lost its end
 */
record RunMark(String bootId, boolean clean, long run, long lastCrashRun) {
  private static final String FILE = "run";

  /** The mark of the first run in a folder without journals. */
  static RunMark first(String bootId, long nowMillis) {
    return new RunMark(bootId, false, nowMillis, 0);
  }

  /**
   * The mark of a run among journals that have none: they were copied from elsewhere, and nothing
   * says how they ended.
   *
   * @param newestRun of all segments; the clock of where they come from may be ahead
   */
  static RunMark amongStrangers(long newestRun, String bootId, long nowMillis) {
    long run = Math.max(nowMillis, newestRun + 1);
    return new RunMark(bootId, false, run, run);
  }

  /** The mark of the run that begins now, after another. */
  static RunMark next(RunMark last, String bootId, long nowMillis) {
    long run = Math.max(nowMillis, last.run + 1);
    boolean crashed = !last.clean && (bootId.isEmpty() || !bootId.equals(last.bootId));
    return new RunMark(bootId, false, run, crashed ? run : last.lastCrashRun);
  }

  RunMark ended() {
    return new RunMark(bootId, true, run, lastCrashRun);
  }

  /** Whether this run is the first after a crash of the machine. */
  boolean afterCrash() {
    return lastCrashRun == run;
  }

  /** The mark in a folder, or null when there is none yet. */
  static @Nullable RunMark read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    Properties lines = new Properties();
    try {
      lines.load(new StringReader(Files.readString(file)));
      return new RunMark(
          lines.getProperty("boot", ""),
          "true".equals(lines.getProperty("clean")),
          Long.parseLong(lines.getProperty("run", "")),
          Long.parseLong(lines.getProperty("last-crash-run", "")));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  /** Replaces the mark in a folder; it is on the disk when this returns. */
  void write(Path folder, Disk disk) throws IOException {
    Path draft = folder.resolve(FILE + ".new");
    String text =
        "boot=%s\nclean=%s\nrun=%d\nlast-crash-run=%d\n"
            .formatted(bootId, clean, run, lastCrashRun);
    Files.writeString(draft, text, StandardCharsets.UTF_8);
    disk.force(draft);
    Files.move(draft, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    disk.force(folder);
  }
}

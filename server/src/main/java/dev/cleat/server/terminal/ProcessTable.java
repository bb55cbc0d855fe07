package dev.cleat.server.terminal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What /proc says about processes. Thread-safe: when many threads ask at a time, as when all
 * sessions are stopped, one scan answers all that asked before it began.
 */
final class ProcessTable {
  private static final Path PROC = Path.of("/proc");

  private final AtomicLong begun = new AtomicLong();
  // Guarded by this.
  private long latestNumber;
  private Map<Integer, List<Entry>> latest = Map.of();

  /**
   * A process.
   *
   * @param state the letter of /proc, see {@link #alive} and {@link #stopped}
   * @param flags the kernel's flags of the task
   * @param startTime clock ticks since the machine's start
   */
  record Entry(int pid, int group, int session, char state, long flags, long startTime) {
    private static final long FORKED_BUT_NO_EXEC = 0x40;

    boolean alive() {
      return state != 'Z' && state != 'X';
    }

    boolean stopped() {
      return state == 'T' || state == 't';
    }

    /**
     * Stopped, or stops before its next instruction: a parent waits so for a child that it has made
     * with vfork.
     */
    boolean standsStill() {
      return stopped() || !alive() || state == 'D';
    }

    /** Whether the process still runs the program of the one that made it: this server. */
    boolean beforeExec() {
      return (flags & FORKED_BUT_NO_EXEC) != 0;
    }
  }

  /**
   * The processes of a session, zombies too, as of a moment after the call. Oldest first.
   *
   * @throws UncheckedIOException if /proc cannot be read
   */
  List<Entry> session(int session) {
    final long needed = begun.get() + 1;
    synchronized (this) {
      if (latestNumber < needed) {
        latestNumber = begun.incrementAndGet();
        latest = scan();
      }
      return latest.getOrDefault(session, List.of());
    }
  }

  private static Map<Integer, List<Entry>> scan() {
    final Map<Integer, List<Entry>> sessions = new HashMap<>();
    try (DirectoryStream<Path> processes =
        Files.newDirectoryStream(PROC, path -> isNumber(path.getFileName().toString()))) {
      for (final Path process : processes) {
        read(Integer.parseInt(process.getFileName().toString()))
            .ifPresent(e -> sessions.computeIfAbsent(e.session(), _ -> new ArrayList<>()).add(e));
      }
    } catch (DirectoryIteratorException e) {
      throw new UncheckedIOException("cannot read /proc", e.getCause());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc", e);
    }
    for (final List<Entry> entries : sessions.values()) {
      entries.sort(Comparator.comparingLong(Entry::startTime).thenComparingInt(Entry::pid));
    }
    return sessions;
  }

  /**
   * A process as it is now, or empty if there is none with this id.
   *
   * @throws UncheckedIOException if /proc cannot be read
   */
  static Optional<Entry> read(int pid) {
    try {
      final byte[] stat = Files.readAllBytes(PROC.resolve(pid + "/stat"));
      return Optional.of(parse(pid, new String(stat, StandardCharsets.ISO_8859_1)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      // It may have ended between the opening and the reading; anything else must not look like
      // that.
      if (Files.exists(PROC.resolve(String.valueOf(pid)))) {
        throw new UncheckedIOException("cannot read /proc", e);
      }
      return Optional.empty();
    }
  }

  private static Entry parse(int pid, String stat) {
    // The program's name stands in parentheses and may itself contain spaces and parentheses.
    final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 21);
    return new Entry(
        pid,
        Integer.parseInt(fields[2]),
        Integer.parseInt(fields[3]),
        fields[0].charAt(0),
        Long.parseLong(fields[6]),
        Long.parseLong(fields[19]));
  }

  private static boolean isNumber(String name) {
    return name.charAt(0) >= '1' && name.charAt(0) <= '9';
  }
}

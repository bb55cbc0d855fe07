package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which processes there are. Thread-safe: when many threads ask at a time, as when all sessions are
 * stopped, one scan answers all that asked before it began. A scan needs no new descriptor: a
 * server without any left must be able to stop what it runs.
 */
final class ProcessTable {
  private static final String PROC = "/proc";
  private static final int SCAN_BYTES = 32 * 1024;
  // struct linux_dirent64: inode and offset, the record's length, the type, the name.
  private static final long RECORD_LENGTH = 16;
  private static final long NAME = 19;

  private final int proc;
  private final AtomicLong begun = new AtomicLong();
  // Guarded by this.
  private long latestNumber;
  private Map<Integer, List<Integer>> latest = Map.of();

  private ProcessTable(int proc) {
    this.proc = proc;
  }

  /** The machine's, which stays open as long as the server runs. */
  static ProcessTable ofMachine() {
    return Machine.TABLE;
  }

  private static final class Machine {
    static final ProcessTable TABLE = open();

    private static ProcessTable open() {
      final int proc = Libc.open(PROC, Libc.O_DIRECTORY | Libc.O_CLOEXEC);
      if (proc < 0) {
        throw new IllegalStateException("cannot open /proc, error " + -proc);
      }
      return new ProcessTable(proc);
    }
  }

  /** The processes of a session, dead but unreaped ones too, as of a moment after the call. */
  List<Integer> session(int session) {
    final long needed = begun.get() + 1;
    synchronized (this) {
      if (latestNumber < needed) {
        latestNumber = begun.incrementAndGet();
        latest = scan();
      }
      return latest.getOrDefault(session, List.of());
    }
  }

  private Map<Integer, List<Integer>> scan() {
    final Map<Integer, List<Integer>> sessions = new HashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment records = arena.allocate(SCAN_BYTES, Long.BYTES);
      Libc.rewind(proc);
      int bytes = Libc.getdents(proc, records);
      while (bytes > 0) {
        long at = 0;
        while (at < bytes) {
          if (isDigit(records.get(JAVA_BYTE, at + NAME))) {
            final int pid = Integer.parseInt(records.getString(at + NAME));
            sessions.computeIfAbsent(Libc.getsid(pid), _ -> new ArrayList<>()).add(pid);
          }
          at += Short.toUnsignedInt(records.get(JAVA_SHORT, at + RECORD_LENGTH));
        }
        bytes = Libc.getdents(proc, records);
      }
      if (bytes < 0) {
        throw new IllegalStateException("cannot read /proc, error " + -bytes);
      }
    }
    return sessions;
  }

  private static boolean isDigit(byte character) {
    return character >= '0' && character <= '9';
  }

  /**
   * What /proc says about a process.
   *
   * @param parent the process that made it, or has taken it over
   * @param state a letter, {@code ?} if it cannot be read just now
   * @param startTime clock ticks since the machine's start
   */
  record Entry(int pid, int parent, char state, long startTime) {
    boolean alive() {
      return state != 'Z' && state != 'X';
    }

    /** Runs or is ready to, or waits for a disk, or for its child to become a program. */
    boolean atWork() {
      return state == 'R' || state == 'D';
    }

    private boolean stopped() {
      return state == 'T' || state == 't';
    }

    /**
     * Stopped, or stops before its next instruction: a parent waits so for a child that it has made
     * with vfork.
     */
    boolean standsStill() {
      return stopped() || !alive() || state == 'D';
    }
  }

  /** A process as it is now, or empty if there is none with this id. */
  static Optional<Entry> read(int pid) {
    final Path process = Path.of(PROC, String.valueOf(pid));
    try {
      final byte[] stat = Files.readAllBytes(process.resolve("stat"));
      return Optional.of(parse(pid, new String(stat, StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      // Ended meanwhile, or there is no descriptor to read it with.
      return Files.exists(process) ? Optional.of(new Entry(pid, 0, '?', 0)) : Optional.empty();
    }
  }

  private static Entry parse(int pid, String stat) {
    // The program's name stands in parentheses and may itself contain spaces and parentheses.
    final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 21);
    return new Entry(
        pid, Integer.parseInt(fields[1]), fields[0].charAt(0), Long.parseLong(fields[19]));
  }
}

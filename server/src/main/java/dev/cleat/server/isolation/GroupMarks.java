package dev.cleat.server.isolation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Supplementary groups that mark the processes of one start, where there are no control groups to
 * hold them: each start has a group of its own, which every process hands down to those that it
 * starts, and which only root can take off. So what has detached itself is found, and ended. (Batch
 * systems do so, as Grid Engine with its {@code gid_range}.)
 *
 * <p>The groups own no file and have no name: they are from numbers that no system gives out.
 *
 * <p>Thread-safe.
 */
final class GroupMarks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GroupMarks.class);

  private static final Path PROCESSES = Path.of("/proc");

  /** Above the numbers that users, containers and services have; below those that are reserved. */
  private static final long FIRST = 1L << 31;

  private static final int BLOCK_BITS = 14;
  private static final int BLOCKS_BITS = 16;
  private static final int BLOCK = 1 << BLOCK_BITS;
  private static final long STEP_NANOS = 1_000_000;
  private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

  /**
   * So many looks in a row at which some were gone and none was found. What becomes another process
   * all the time is seen, alive or just ended, at every second look or so.
   */
  private static final int MOST_GONE = 20;

  private final long first;
  private final Set<Long> used = ConcurrentHashMap.newKeySet();
  private final Set<Long> ending = ConcurrentHashMap.newKeySet();
  private final ReentrantLock looking = new ReentrantLock();
  private int next;

  private GroupMarks(long first) {
    this.first = first;
  }

  /**
   * Those of a server, if the user namespace of this process has them. What an earlier run has left
   * with one of them is ended.
   *
   * @param name no other server on this machine has it
   */
  static Optional<GroupMarks> open(String name) {
    try {
      if (!areMapped(Files.readString(PROCESSES.resolve("self/gid_map")))) {
        return Optional.empty();
      }
    } catch (IOException e) {
      LOG.debug("Which groups there are cannot be read", e);
      return Optional.empty();
    }
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4), for names that are alike.
    final int block = (name.hashCode() * 0x9E3779B9) >>> (32 - BLOCKS_BITS);
    final GroupMarks marks = new GroupMarks(FIRST + ((long) block << BLOCK_BITS));
    marks.close();
    return Optional.of(marks);
  }

  /**
   * Whether all numbers that may be given out are groups.
   *
   * @param map of a user namespace, as user_namespaces(7) says
   */
  static boolean areMapped(String map) {
    return map.lines()
        .map(line -> line.strip().split("\\s+"))
        .anyMatch(words ->
            Long.parseLong(words[0]) <= FIRST
                && Long.parseLong(words[0]) + Long.parseLong(words[2])
                    >= FIRST + (1L << (BLOCK_BITS + BLOCKS_BITS)));
  }

  /**
   * One for one process and all that it starts.
   *
   * @throws IOException if all are in use
   */
  Mark make() throws IOException {
    synchronized (used) {
      for (int tries = 0; tries < BLOCK; tries++) {
        final long group = first + next;
        next = (next + 1) % BLOCK;
        if (used.add(group)) {
          return new Mark(group);
        }
      }
    }
    throw new IOException(BLOCK + " groups are in use");
  }

  /** One group. */
  final class Mark implements Cell {
    private final long group;

    private Mark(long group) {
      this.group = group;
    }

    /** The number of the group. */
    long group() {
      return group;
    }

    @Override
    public void close() {
      if (used.contains(group)) {
        ending.add(group);
        end();
        used.remove(group);
      }
    }

    /**
     * One look at all processes does for all that end meanwhile: there may be thousands of both.
     */
    private void end() {
      looking.lock();
      try {
        if (ending.contains(group)) {
          final Set<Long> all = new HashSet<>(ending);
          GroupMarks.this.end(all::contains);
          ending.removeAll(all);
        }
      } finally {
        looking.unlock();
      }
    }
  }

  /** Leaves nothing behind. */
  @Override
  public void close() {
    end(group -> group >= first && group < first + BLOCK);
  }

  /** What a look at all processes has found. */
  private enum Look {
    NOTHING,
    /** Nothing, but some were gone before they could be looked at, and may have started others. */
    GONE,
    /** Some, which may have started others before they ended. */
    SOME
  }

  private void end(LongPredicate groups) {
    final long patience = System.nanoTime() + PATIENCE_NANOS;
    final Set<Long> dead = new HashSet<>();
    int gone = 0;
    for (Look look = look(groups, dead); look != Look.NOTHING; look = look(groups, dead)) {
      gone = look == Look.GONE ? gone + 1 : 0;
      if (gone == MOST_GONE) {
        // One of those that are sought would have been seen by now: they are others'.
        return;
      }
      if (System.nanoTime() - patience > 0) {
        LOG.warn("Processes that have left their sessions cannot be ended, or not fast enough");
        return;
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  private Look look(LongPredicate groups, Set<Long> dead) {
    try {
      return killAll(groups, dead);
    } catch (IOException | DirectoryIteratorException e) {
      // There may be no descriptor left at this moment.
      LOG.debug("Which processes have left their sessions cannot be seen", e);
      return Look.SOME;
    }
  }

  /**
   * Kills those that are there, and what those have started that have ended.
   *
   * @param dead those that had ended when they were looked at before
   */
  private Look killAll(LongPredicate groups, Set<Long> dead) throws IOException {
    final List<Long> pids = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROCESSES, "[1-9]*")) {
      all.forEach(one -> pids.add(Long.valueOf(String.valueOf(one.getFileName()))));
    }
    // The newest first: those that have little time before they are another.
    pids.sort(Comparator.reverseOrder());
    Look found = Look.NOTHING;
    for (final long pid : pids) {
      // Taken before it is looked at: it knows by its start that its number is not another's.
      final Optional<ProcessHandle> process = ProcessHandle.of(pid);
      final Optional<String> status = process.isPresent() ? status(pid) : Optional.empty();
      if (status.isEmpty()) {
        found = found == Look.SOME ? found : Look.GONE;
      } else if (isIn(status.get(), groups) && (isAlive(status.get()) || dead.add(pid))) {
        found = Look.SOME;
        process.get().destroyForcibly();
        killGroup(pid);
      }
    }
    return found;
  }

  private static void killGroup(long pid) throws IOException {
    try {
      ProcessGroups.killThatOf(pid);
    } catch (IOException e) {
      throwIfThere(pid, e);
    }
  }

  /** Of a process, as proc_pid_status(5) says; nothing if it is gone. */
  private static Optional<String> status(long pid) throws IOException {
    try {
      // Names of programs are in it, in any bytes.
      return Optional.of(
          Files.readString(PROCESSES.resolve(pid + "/status"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throwIfThere(pid, e);
      return Optional.empty();
    }
  }

  private static void throwIfThere(long pid, IOException e) throws IOException {
    if (Files.exists(PROCESSES.resolve(String.valueOf(pid)))) {
      throw e;
    }
  }

  /** Whether a process has one of the groups. */
  static boolean isIn(String status, LongPredicate groups) {
    return Arrays.stream(words(status, "Groups:")).mapToLong(Long::parseLong).anyMatch(groups);
  }

  /** Whether a process has not ended. One whose first thread has ended looks like one that has. */
  static boolean isAlive(String status) {
    final String state = words(status, "State:")[0];
    return !(state.equals("Z") || state.equals("X"))
        || Integer.parseInt(words(status, "Threads:")[0]) > 1;
  }

  /**
   * What is said behind a name at the beginning of a line. Lines end with a line feed alone, which
   * the kernel leaves in no name of a program; it does leave carriage returns there.
   */
  private static String[] words(String status, String name) {
    return Arrays.stream(status.split("\n", -1))
        .filter(line -> line.startsWith(name))
        .findFirst()
        .map(line -> line.substring(name.length()).strip())
        .filter(words -> !words.isEmpty())
        .map(words -> words.split("\\s+", -1))
        .orElse(new String[0]);
  }
}

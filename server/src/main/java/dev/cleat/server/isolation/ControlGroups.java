package dev.cleat.server.isolation;

import dev.cleat.server.policy.Limits;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Control groups (version 2) below the server's own: one for each process that is started, which
 * ends with everything in it, whatever it has detached itself from. Thread-safe.
 */
final class ControlGroups implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
  private static final Set<String> WANTED = Set.of("memory", "pids", "cpu");
  private static final String PROCESSES = "cgroup.procs";
  private static final String KILL = "cgroup.kill";
  private static final long CPU_PERIOD_MICROS = 100_000;
  private static final long STEP_NANOS = 1_000_000;
  private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

  private final Path base;
  private final Set<String> controllers;
  private final AtomicLong count = new AtomicLong();

  private ControlGroups(Path base, Set<String> controllers) {
    this.base = base;
    this.controllers = controllers;
  }

  /**
   * Those below the group that this process is in, if it may make some there that end with all that
   * is in them.
   *
   * @param name of the group for all of them: no other server on this machine has it. What an
   *     earlier run has left in it is ended.
   */
  static Optional<ControlGroups> open(String name) {
    return own().flatMap(own -> open(own, name));
  }

  /**
   * Those below a group.
   *
   * @param own the folder of the group
   */
  static Optional<ControlGroups> open(Path own, String name) {
    final Path base = own.resolve(name);
    try {
      if (!Files.isDirectory(base)) {
        Files.createDirectory(base);
      }
      if (!Files.exists(base.resolve(KILL))) {
        // Of no use without: nothing could be ended by it. Linux has it since 5.14.
        Files.delete(base);
        return Optional.empty();
      }
      clear(base);
      final Set<String> controllers = delegate(own, base);
      return Optional.of(new ControlGroups(base, controllers));
    } catch (IOException e) {
      LOG.debug("No control groups below {}", own, e);
      return Optional.empty();
    }
  }

  /** The folder of the group that this process is in. */
  private static Optional<Path> own() {
    try {
      final Optional<String> path =
          Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
              .filter(line -> line.startsWith("0::/"))
              .map(line -> line.substring("0::/".length()))
              .findFirst();
      final Optional<Path> mount =
          Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
              .filter(line -> line.contains(" - cgroup2 "))
              .map(line -> Path.of(line.split(" ", 6)[4]))
              .findFirst();
      return path.flatMap(below -> mount.map(root -> root.resolve(below)))
          .filter(Files::isDirectory);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void clear(Path base) throws IOException {
    try (DirectoryStream<Path> groups = Files.newDirectoryStream(base, Files::isDirectory)) {
      groups.forEach(ControlGroups::end);
    }
  }

  /** Has the controllers of limits handed down to the groups in {@code base}. */
  private static Set<String> delegate(Path own, Path base) throws IOException {
    final Set<String> there = words(own.resolve("cgroup.controllers"));
    there.retainAll(WANTED);
    if (there.isEmpty()) {
      return Set.of();
    }
    final String order = there.stream().map(one -> "+" + one).collect(Collectors.joining(" "));
    try {
      Files.writeString(own.resolve("cgroup.subtree_control"), order);
    } catch (IOException e) {
      // A group with processes of its own hands nothing down; so the server goes into one below.
      if (!ofThisProcessOnly(own)) {
        LOG.info("The control group {} has other processes in it and hands no limits down", own);
        return Set.of();
      }
      final Path server = own.resolve("server");
      if (!Files.isDirectory(server)) {
        Files.createDirectory(server);
      }
      Files.writeString(server.resolve(PROCESSES), "0");
      Files.writeString(own.resolve("cgroup.subtree_control"), order);
    }
    Files.writeString(base.resolve("cgroup.subtree_control"), order);
    return there;
  }

  private static boolean ofThisProcessOnly(Path own) throws IOException {
    return words(own.resolve(PROCESSES))
        .equals(Set.of(String.valueOf(ProcessHandle.current().pid())));
  }

  private static Set<String> words(Path file) throws IOException {
    return Arrays.stream(Files.readString(file).split("\\s+", -1))
        .filter(word -> !word.isEmpty())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Which of memory, pids and cpu it can limit. */
  Set<String> controllers() {
    return controllers;
  }

  /**
   * A group for one process and all that it starts.
   *
   * @throws IOException if it cannot be made
   */
  Group make(String session, Limits limits) throws IOException {
    final Path path = base.resolve(session + "-" + count.incrementAndGet());
    Files.createDirectory(path);
    try {
      for (final Setting setting : settings(limits)) {
        Files.writeString(path.resolve(setting.file()), setting.value());
      }
      return new Group(path);
    } catch (IOException e) {
      end(path);
      throw e;
    }
  }

  private record Setting(String file, String value) {}

  private List<Setting> settings(Limits limits) {
    final List<Setting> settings = new ArrayList<>();
    if (controllers.contains("memory") && limits.memoryBytes().isPresent()) {
      settings.add(new Setting("memory.max", String.valueOf(limits.memoryBytes().getAsLong())));
    }
    if (controllers.contains("pids") && limits.processes().isPresent()) {
      settings.add(new Setting("pids.max", String.valueOf(limits.processes().getAsLong())));
    }
    if (controllers.contains("cpu") && limits.milliCpus().isPresent()) {
      final long share = limits.milliCpus().getAsLong() * CPU_PERIOD_MICROS / 1000;
      settings.add(new Setting("cpu.max", share + " " + CPU_PERIOD_MICROS));
    }
    return settings;
  }

  /** One group. */
  static final class Group implements Cell {
    private final Path path;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Group(Path path) {
      this.path = path;
    }

    /** Where a process writes a 0 to be in it. */
    Path processes() {
      return path.resolve(PROCESSES);
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        end(path);
      }
    }
  }

  /** Leaves nothing behind. */
  @Override
  public void close() {
    try {
      clear(base);
      Files.deleteIfExists(base);
    } catch (IOException e) {
      LOG.warn("The control group {} cannot be removed", base, e);
    }
  }

  private static void end(Path group) {
    final long patience = System.nanoTime() + PATIENCE_NANOS;
    try {
      Files.writeString(group.resolve(KILL), "1");
      while (true) {
        try {
          Files.delete(group);
          return;
        } catch (DirectoryNotEmptyException e) {
          LOG.warn("The control group {} has others below it", group);
          return;
        } catch (NoSuchFileException e) {
          return;
        } catch (IOException e) {
          // Busy: what was killed is not gone yet.
          if (System.nanoTime() - patience > 0) {
            throw e;
          }
          LockSupport.parkNanos(STEP_NANOS);
        }
      }
    } catch (IOException e) {
      LOG.warn("The control group {} cannot be removed", group, e);
    }
  }
}

package dev.cleat.server.isolation;

import dev.cleat.server.policy.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The limits that a process and its children inherit, as prlimit sets them. */
final class ResourceLimits {
  /** Since this version, Linux counts the processes of a user in each user namespace by itself. */
  private static final int[] COUNTS_BY_NAMESPACE = {5, 14};

  private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})");

  private ResourceLimits() {}

  /** By what the system counts the processes of a session, where no control group does. */
  enum CountedBy {
    /** Its user is the server's too: nothing counts them. */
    NOTHING,
    /** All of its user. */
    USER,
    /** Those in its sandbox. */
    SANDBOX
  }

  /**
   * Whether a system counts the processes in a sandbox apart from others of the same user.
   *
   * @param release what the system calls its version, such as {@code 6.1.0-13-amd64}
   */
  static boolean countsBySandbox(String release) {
    final Matcher version = RELEASE.matcher(release);
    return version.lookingAt()
        && Arrays.compare(
                new int[] {Integer.parseInt(version.group(1)), Integer.parseInt(version.group(2))},
                COUNTS_BY_NAMESPACE)
            >= 0;
  }

  /**
   * Options of prlimit.
   *
   * @param grouped which of memory, pids and cpu a control group limits already
   */
  static List<String> options(Limits limits, Set<String> grouped, CountedBy counted) {
    final List<String> options = new ArrayList<>();
    // What a process leaves when it crashes would hold its secrets, and fill the disk.
    options.add("--core=0:0");
    if (!grouped.contains("memory")) {
      add(options, "data", limits.memoryBytes());
    }
    if (!grouped.contains("pids") && counted == CountedBy.USER) {
      add(options, "nproc", limits.processes());
    }
    add(options, "nofile", limits.openFiles());
    add(options, "fsize", limits.fileBytes());
    limits
        .cpuTime()
        .map(Duration::toSeconds)
        .ifPresent(seconds -> add(options, "cpu", OptionalLong.of(seconds)));
    return options;
  }

  /** Options of prlimit within a sandbox; empty if it has nothing to limit there. */
  static List<String> optionsWithin(Limits limits, Set<String> grouped, CountedBy counted) {
    final List<String> options = new ArrayList<>();
    if (!grouped.contains("pids") && counted == CountedBy.SANDBOX) {
      add(options, "nproc", limits.processes());
    }
    return options;
  }

  private static void add(List<String> options, String name, OptionalLong value) {
    value.ifPresent(limit -> options.add("--" + name + "=" + limit + ":" + limit));
  }

  /** What of these limits nothing can see to, in words. */
  static List<String> unmet(Limits limits, Set<String> grouped, CountedBy counted) {
    final List<String> unmet = new ArrayList<>();
    if (limits.milliCpus().isPresent() && !grouped.contains("cpu")) {
      unmet.add("cpu (no control group limits it here; cpu_time would hold)");
    }
    if (limits.processes().isPresent()
        && !grouped.contains("pids")
        && counted == CountedBy.NOTHING) {
      unmet.add("processes (no control group limits them here, nor has the session its own user)");
    }
    return unmet;
  }
}

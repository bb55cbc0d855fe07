package dev.cleat.server.isolation;

import dev.cleat.server.policy.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** The limits that a process and its children inherit, as prlimit sets them. */
final class ResourceLimits {
  private ResourceLimits() {}

  /**
   * Options of prlimit.
   *
   * @param grouped which of memory, pids and cpu a control group limits already
   * @param ownUser whether the process has a user that the server has not: the system counts
   *     processes by user
   */
  static List<String> options(Limits limits, Set<String> grouped, boolean ownUser) {
    final List<String> options = new ArrayList<>();
    // What a process leaves when it crashes would hold its secrets, and fill the disk.
    options.add("--core=0:0");
    if (!grouped.contains("memory")) {
      add(options, "data", limits.memoryBytes());
    }
    if (!grouped.contains("pids") && ownUser) {
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

  private static void add(List<String> options, String name, OptionalLong value) {
    value.ifPresent(limit -> options.add("--" + name + "=" + limit + ":" + limit));
  }

  /** What of these limits nothing can see to, in words. */
  static List<String> unmet(Limits limits, Set<String> grouped, boolean ownUser) {
    final List<String> unmet = new ArrayList<>();
    if (limits.milliCpus().isPresent() && !grouped.contains("cpu")) {
      unmet.add("cpu (no control group limits it here; cpu_time would hold)");
    }
    if (limits.processes().isPresent() && !grouped.contains("pids") && !ownUser) {
      unmet.add("processes (no control group limits them here, nor has the session its own user)");
    }
    return unmet;
  }
}

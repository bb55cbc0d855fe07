package dev.cleat.server.terminal;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The processes of one terminal: the leader, and all that share its session. As long as the leader
 * has not been reaped, no other process and no other session can get its number; so it is reaped
 * last, and nothing is signalled after that. Thread-safe.
 */
final class SessionProcesses {
  private static final long LONGEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final int PAUSE_ROUNDS = 5;

  private final int leader;
  private final Descriptor leaderEnd;
  private final ProcessTable table = ProcessTable.ofMachine();
  // Guarded by this.
  private boolean reaped;

  /**
   * The processes of a session that has just begun.
   *
   * @param leader a child of this process that has called setsid and has not been reaped
   * @param leaderEnd becomes readable when the leader has ended
   */
  SessionProcesses(int leader, Descriptor leaderEnd) {
    this.leader = leader;
    this.leaderEnd = leaderEnd;
  }

  int leader() {
    return leader;
  }

  /** Signals a process group of the session. */
  synchronized void signal(int group, Signal signal) {
    if (!reaped) {
      // The answer is of no use: a group that has gone by now is what a signal cannot reach.
      final int _ = Libc.kill(-group, signal.number());
    }
  }

  /** Signals the leader's process group, then all others of the session. */
  void signalAll(Signal signal) {
    signal(leader, signal);
    table.session(leader).stream()
        .map(Libc::getpgid)
        .filter(group -> group > 0 && group != leader)
        .distinct()
        .forEach(group -> signal(group, signal));
  }

  /** Whether nothing of the session lives any more. */
  boolean gone() {
    // Most often the leader lives longest, and one look at it saves looking at all processes there
    // are.
    return leaderHasEnded()
        && entries(table.session(leader)).stream().noneMatch(e -> e.alive() && e.pid() != leader);
  }

  private boolean leaderHasEnded() {
    try (Arena arena = Arena.ofConfined()) {
      final Poll poll = new Poll(arena, 1);
      final int closed = -1;
      final int answer =
          leaderEnd.use(
              fd -> {
                poll.watch(0, fd, Libc.POLLIN);
                poll.await(0);
                return 0;
              },
              closed);
      return answer == closed || poll.ready(0) != 0;
    }
  }

  /**
   * Stops them all. A shell that sees its job stop would take the terminal back; so each group has
   * stopped before the next younger one is told to, and the parents are the older ones.
   */
  void pause() {
    for (int round = 0; round < PAUSE_ROUNDS; round++) {
      groups()
          .forEach((group, members) -> {
            signal(group, Signal.STOP);
            awaitStopped(members);
          });
      if (entries(table.session(leader)).stream().allMatch(ProcessTable.Entry::standsStill)) {
        return;
      }
    }
  }

  /** Lets them all go on, the youngest first, for the same reason. */
  void resume() {
    for (final int group : groups().sequencedKeySet().reversed()) {
      signal(group, Signal.CONT);
    }
  }

  private static void awaitStopped(List<Integer> pids) {
    final long end = System.nanoTime() + LONGEST_WAIT_NANOS;
    while (System.nanoTime() - end < 0
        && entries(pids).stream().anyMatch(e -> e.alive() && !e.stopped())) {
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  /** The session's living process groups with their members, the oldest first. */
  private SequencedMap<Integer, List<Integer>> groups() {
    final SequencedMap<Integer, List<Integer>> groups = new LinkedHashMap<>();
    for (final ProcessTable.Entry entry : entries(table.session(leader))) {
      final int group = Libc.getpgid(entry.pid());
      if (entry.alive() && group > 0) {
        groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(entry.pid());
      }
    }
    return groups;
  }

  /** What can be said of processes, the oldest first. */
  private static List<ProcessTable.Entry> entries(List<Integer> pids) {
    return pids.stream()
        .flatMap(pid -> ProcessTable.read(pid).stream())
        .sorted(
            Comparator.comparingLong(ProcessTable.Entry::startTime)
                .thenComparingInt(ProcessTable.Entry::pid))
        .toList();
  }

  /** Takes the status of the leader, which has ended. Nothing is signalled from here on. */
  synchronized Exit reap() {
    reaped = true;
    return WaitStatus.exit(Libc.reap(leader));
  }
}

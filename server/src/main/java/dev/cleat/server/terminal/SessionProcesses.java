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
  // A process stops when it next has a processor, for which it may wait long where many want one.
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

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
  void signal(int group, Signal signal) {
    // The answer is of no use: a group that has gone by now is what a signal cannot reach.
    final boolean _ = reached(group, signal);
  }

  /** Whether the group was there to be signalled, and not only another user's processes in it. */
  private synchronized boolean reached(int group, Signal signal) {
    return !reaped && Libc.kill(-group, signal.number()) >= 0;
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
   * Stops them all, and returns when they stand still. A shell that sees its job stop would take
   * the terminal back; so each group has stopped before the next younger one is told to, and the
   * parents are the older ones. What cannot stop, as in a control group that is frozen, is waited
   * for five seconds at most.
   */
  void pause() {
    final long begin = System.nanoTime();
    SequencedMap<Integer, List<Integer>> groups = groups();
    SequencedMap<Integer, List<Integer>> told;
    do {
      told = groups;
      told.forEach((group, members) -> {
        if (reached(group, Signal.STOP)) {
          awaitStandstill(group, members, begin);
        }
      });
      // Who has been born or has moved to a group of its own meanwhile may not have been told.
      groups = groups();
    } while (!groups.equals(told) && pauseMayWait(begin));
  }

  /** Lets them all go on, the youngest first, for the same reason. */
  void resume() {
    for (final int group : groups().sequencedKeySet().reversed()) {
      signal(group, Signal.CONT);
    }
  }

  private static void awaitStandstill(int group, List<Integer> members, long begin) {
    final List<Integer> left = new ArrayList<>(members);
    while (pauseMayWait(begin)) {
      left.removeIf(pid -> Libc.getpgid(pid) != group);
      if (standStill(left)) {
        return;
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  private static boolean standStill(List<Integer> pids) {
    return entries(pids).stream().allMatch(ProcessTable.Entry::standsStill);
  }

  private static boolean pauseMayWait(long begin) {
    return System.nanoTime() - begin < LONGEST_PAUSE_NANOS;
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

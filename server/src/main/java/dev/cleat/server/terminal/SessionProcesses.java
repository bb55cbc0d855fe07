package dev.cleat.server.terminal;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
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
  private static final int SIGNAL_BITS = 0x7f;
  private static final int CORE_BIT = 0x80;

  private final int leader;
  private final ProcessTable table;
  // Guarded by this.
  private boolean reaped;

  /** The leader is a child of this process, has called setsid, and has not been reaped. */
  SessionProcesses(int leader, ProcessTable table) {
    this.leader = leader;
    this.table = table;
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

  /** Signals the leader's process group, then all others of the session, oldest first. */
  void signalAll(Signal signal) {
    signal(leader, signal);
    for (final int group : groups().sequencedKeySet()) {
      if (group != leader) {
        signal(group, signal);
      }
    }
  }

  /** Whether nothing of the session lives any more. */
  boolean gone() {
    // Most often the leader lives longest, and one look at it saves looking at all processes there
    // are.
    return ProcessTable.read(leader).stream().noneMatch(ProcessTable.Entry::alive)
        && table.session(leader).stream().noneMatch(ProcessTable.Entry::alive);
  }

  /**
   * Stops them all. A shell that sees its job stop would take the terminal back; so each group has
   * stopped before the next younger one is told to, and the parents are the older ones.
   */
  void pause() {
    for (int round = 0; round < PAUSE_ROUNDS; round++) {
      final SequencedMap<Integer, Set<Integer>> groups = groups();
      if (groups.isEmpty()) {
        return;
      }
      groups.forEach((group, members) -> {
        signal(group, Signal.STOP);
        awaitStopped(members);
      });
      if (table.session(leader).stream().allMatch(ProcessTable.Entry::standsStill)) {
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

  private static void awaitStopped(Collection<Integer> pids) {
    final long end = System.nanoTime() + LONGEST_WAIT_NANOS;
    while (!allStopped(pids) && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  private static boolean allStopped(Collection<Integer> pids) {
    return pids.stream()
        .flatMap(pid -> ProcessTable.read(pid).stream())
        .allMatch(e -> e.stopped() || !e.alive());
  }

  /** The session's living process groups with their members, oldest first. */
  private SequencedMap<Integer, Set<Integer>> groups() {
    final SequencedMap<Integer, Set<Integer>> groups = new LinkedHashMap<>();
    for (final ProcessTable.Entry entry : table.session(leader)) {
      if (entry.alive()) {
        groups.computeIfAbsent(entry.group(), _ -> new LinkedHashSet<>()).add(entry.pid());
      }
    }
    return groups;
  }

  /** Takes the status of the leader, which has ended. Nothing is signalled from here on. */
  synchronized Exit reap() {
    reaped = true;
    final OptionalInt status = Libc.reap(leader);
    if (status.isEmpty()) {
      return new Exit.Unknown();
    }
    final int signal = status.getAsInt() & SIGNAL_BITS;
    return signal == 0
        ? new Exit.Code(status.getAsInt() >> Byte.SIZE & 0xff)
        : new Exit.Signalled(signal, (status.getAsInt() & CORE_BIT) != 0);
  }
}

package dev.cleat.server.terminal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a process writes, hands it to the listener, notices the leader's end, and reports it
 * after the last byte. Confined to one platform thread per terminal, which blocks in poll(2) and in
 * the listener.
 */
final class ReadLoop {
  private static final Logger LOG = LoggerFactory.getLogger(ReadLoop.class);
  private static final int WAKE = 0;
  private static final int LEADER = 1;
  private static final int FIRST_SOURCE = 2;
  private static final long FOR_EVER = -1;
  private static final int FEW = 1024;
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  // More than pipes and terminals hold: what the leader wrote has been read after so many bytes.
  private static final long MOST_IN_KERNEL = 1024 * 1024;

  private final TerminalProcess terminal;
  private final List<Line.Source> sources;
  private final Descriptor leader;
  private final Descriptor wake;
  private final TerminalListener listener;
  private final Drain drain;
  private final BufferPool buffers;
  private final Poll poll;

  private final boolean[] closed;
  private final boolean[] hungUp;
  private boolean listenerFailed;
  private boolean leaderEnded;
  private boolean lookedSinceEnd;
  private long leaderEndedAt;
  private long lastByteAt;
  private long bytesSinceEnd;
  private long lookAgainAt;

  private ReadLoop(
      Arena arena,
      TerminalProcess terminal,
      Parts parts,
      TerminalListener listener,
      Drain drain,
      BufferPool buffers) {
    this.terminal = terminal;
    this.sources = parts.line().sources();
    this.leader = parts.leader();
    this.wake = parts.wake();
    this.listener = listener;
    this.drain = drain;
    this.buffers = buffers;
    this.poll = new Poll(arena, FIRST_SOURCE + sources.size());
    this.closed = new boolean[sources.size()];
    this.hungUp = new boolean[sources.size()];
  }

  /** What is read: the line, a descriptor that tells of the leader's end, and one that wakes. */
  record Parts(Line line, Descriptor leader, Descriptor wake) {}

  /** Runs until the process has ended and the listener knows it. */
  static void run(
      TerminalProcess terminal,
      Parts parts,
      TerminalListener listener,
      Drain drain,
      BufferPool buffers) {
    final Exit exit;
    listener.begins();
    try (Arena arena = Arena.ofConfined()) {
      new ReadLoop(arena, terminal, parts, listener, drain, buffers).readToTheEnd();
    } finally {
      exit = terminal.end();
    }
    try {
      listener.exited(exit);
    } catch (RuntimeException | Error e) {
      LOG.error("The listener of process {} failed at the exit", terminal.pid(), e);
    }
  }

  private void readToTheEnd() {
    poll.watch(WAKE, wake.fd(), Libc.POLLIN);
    poll.watch(LEADER, leader.fd(), Libc.POLLIN);
    for (int i = 0; i < sources.size(); i++) {
      watch(i);
    }
    boolean over = false;
    while (!over) {
      lookAgain();
      poll.await(timeoutMillis());
      if (poll.ready(WAKE) != 0) {
        emptyWake();
      }
      lookedSinceEnd = leaderEnded;
      final long bytes = readReady();
      if (!leaderEnded && poll.ready(LEADER) != 0) {
        leaderHasEnded();
      }
      over = lookedSinceEnd && drained(bytes) && terminal.beginEnd();
    }
  }

  private void watch(int source) {
    poll.watch(FIRST_SOURCE + source, sources.get(source).descriptor().fd(), Libc.POLLIN);
  }

  private void leave(int source) {
    poll.watch(FIRST_SOURCE + source, Poll.NONE, (short) 0);
  }

  /** Until the next time at which something is to be done without an event. */
  private long timeoutMillis() {
    final long now = System.nanoTime();
    if (leaderEnded && !lookedSinceEnd) {
      return 0;
    }
    if (leaderEnded) {
      final long quietEnd = lastByteAt + drain.quiet().toNanos() - now;
      final long end = Math.min(quietEnd, leaderEndedAt + drain.cap().toNanos() - now);
      // Past the end there is a stop to wait for, and it wakes us.
      return end > 0 ? Poll.millis(end) : Poll.millis(LOOK_AGAIN_NANOS);
    }
    for (final boolean waiting : hungUp) {
      if (waiting) {
        return Poll.millis(Math.max(0, lookAgainAt - now));
      }
    }
    return FOR_EVER;
  }

  /**
   * A terminal that all have closed may be opened again; poll would tell of the first without end.
   */
  private void lookAgain() {
    if (System.nanoTime() - lookAgainAt < 0) {
      return;
    }
    for (int i = 0; i < sources.size(); i++) {
      if (hungUp[i]) {
        hungUp[i] = false;
        watch(i);
      }
    }
  }

  private long readReady() {
    long bytes = 0;
    for (int i = 0; i < sources.size(); i++) {
      if (poll.ready(FIRST_SOURCE + i) != 0) {
        bytes += read(i);
      }
    }
    if (bytes > 0) {
      lastByteAt = System.nanoTime();
      bytesSinceEnd += leaderEnded ? bytes : 0;
    }
    return bytes;
  }

  /**
   * Takes what is there, up to a buffer, and never waits to fill it. Behind a few bytes there is
   * mostly nothing, and poll says so if there is.
   */
  private int read(int source) {
    final int fd = sources.get(source).descriptor().fd();
    final BufferPool.Buffer buffer = borrow();
    try {
      final MemorySegment memory = buffer.memory();
      int count = 0;
      int answer = FEW;
      while (answer >= FEW && count < BufferPool.CAPACITY) {
        answer = Libc.read(buffer.errno(), fd, memory.asSlice(count), BufferPool.CAPACITY - count);
        count += Math.max(0, answer);
      }
      if (count > 0) {
        deliver(source, buffer, count);
      }
      if (answer <= 0) {
        noMore(source, answer);
      }
      return count;
    } finally {
      buffers.giveBack(buffer);
    }
  }

  /** Waits for one where there is no memory just now: others give theirs back. */
  private BufferPool.Buffer borrow() {
    for (boolean first = true; ; first = false) {
      try {
        return buffers.borrow();
      } catch (OutOfMemoryError e) {
        if (first) {
          LOG.warn("There is no memory to read process {} into, which has to wait", terminal.pid());
        }
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
    }
  }

  private void deliver(int source, BufferPool.Buffer buffer, int count) {
    if (listenerFailed) {
      listener.dropped(count);
      return;
    }
    try {
      listener.output(sources.get(source).stream(), buffer.view().clear().limit(count));
    } catch (RuntimeException | Error e) {
      LOG.error("The listener of process {} failed, which is killed", terminal.pid(), e);
      listenerFailed = true;
      listener.dropped(count);
      terminal.stop(Duration.ZERO);
    }
  }

  private void noMore(int source, int answer) {
    if (answer == -Libc.EAGAIN || answer == -Libc.EINTR) {
      return;
    }
    leave(source);
    if (answer == -Libc.EIO && sources.get(source).mayReturn()) {
      hungUp[source] = true;
      lookAgainAt = System.nanoTime() + LOOK_AGAIN_NANOS;
    } else {
      closed[source] = true;
    }
  }

  private void leaderHasEnded() {
    poll.watch(LEADER, Poll.NONE, (short) 0);
    leaderEnded = true;
    leaderEndedAt = System.nanoTime();
    lastByteAt = leaderEndedAt;
    // What hung up before may have been opened again and written to since.
    lookAgainAt = leaderEndedAt;
    terminal.leaderEnded();
  }

  /**
   * Whether the last byte has been read, or the patience for it is over. The leader had ended
   * before the last look.
   */
  private boolean drained(long bytes) {
    boolean heldOpen = false;
    for (int i = 0; i < sources.size(); i++) {
      heldOpen |= !closed[i] && !hungUp[i];
    }
    if (!heldOpen) {
      return true;
    }
    final long now = System.nanoTime();
    if (bytes == 0 && now - lastByteAt >= drain.quiet().toNanos()) {
      return true;
    }
    return now - leaderEndedAt >= drain.cap().toNanos()
        && (bytes == 0 || bytesSinceEnd >= MOST_IN_KERNEL);
  }

  private void emptyWake() {
    try (Arena arena = Arena.ofConfined()) {
      final int _ = Libc.read(Libc.errno(arena), wake.fd(), arena.allocate(Long.BYTES), Long.BYTES);
    }
  }
}

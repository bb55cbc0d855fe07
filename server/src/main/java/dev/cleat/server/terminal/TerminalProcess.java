package dev.cleat.server.terminal;

import dev.cleat.server.terminal.TerminalSpec.Meant;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A process on any kind of line. Reading and the end belong to one platform thread, see {@link
 * ReadLoop}; everything here may be called from any thread.
 */
final class TerminalProcess implements Terminal {
  private static final int CLOSED = Integer.MIN_VALUE;
  private static final int INPUT = 0;
  private static final int LEADER = 1;
  private static final int POLLERR = 0x08;
  private static final int POLLHUP = 0x10;
  private static final byte INTERRUPT_KEY = 0x03;
  private static final byte QUIT_KEY = 0x1c;
  // A writer to a terminal is not woken reliably while the kernel moves the last input on.
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long HUNG_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  // Half of nanoTime's range may be compared.
  private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

  private final SessionProcesses processes;
  private final Line line;
  private final Descriptor leader;
  private final Descriptor wake;
  private final BufferPool buffers;
  private final Stopper stopper;
  private final Meant meant;
  // Guarded by this. Nothing is stopped any more once the end has begun.
  private boolean ending;
  private volatile boolean ended;

  /**
   * Takes over a process that runs.
   *
   * @param leader becomes readable when the leader has ended
   * @param wake an eventfd that wakes the reading thread
   * @param meant see {@link TerminalSpec}
   */
  TerminalProcess(
      SessionProcesses processes,
      Line line,
      Descriptor leader,
      Descriptor wake,
      BufferPool buffers,
      Meant meant) {
    this.processes = processes;
    this.line = line;
    this.leader = leader;
    this.wake = wake;
    this.buffers = buffers;
    this.meant = meant;
    this.stopper = new Stopper(processes, this::wakeReader);
  }

  @Override
  public long pid() {
    return processes.leader();
  }

  @Override
  public int write(ByteBuffer data) throws TerminalClosedException {
    if (ended) {
      throw new TerminalClosedException("the process has ended");
    }
    if (!data.hasRemaining()) {
      return 0;
    }
    final BufferPool.Buffer buffer = buffers.borrow();
    try {
      final int count = Math.min(data.remaining(), BufferPool.CAPACITY);
      final MemorySegment memory = buffer.memory();
      MemorySegment.copy(MemorySegment.ofBuffer(data), 0, memory, 0, count);
      final int answer =
          line.input().use(fd -> Libc.write(buffer.errno(), fd, memory, count), CLOSED);
      final int taken = taken(answer);
      data.position(data.position() + taken);
      return taken;
    } finally {
      buffers.giveBack(buffer);
    }
  }

  private int taken(int answer) throws TerminalClosedException {
    return switch (answer) {
      // EIO: no process has the terminal open just now, but one may open it again.
      case -Libc.EAGAIN, -Libc.EINTR, -Libc.EIO -> 0;
      case CLOSED, -Libc.EPIPE ->
          throw new TerminalClosedException(
              ended ? "the process has ended" : "the process takes no more input");
      default -> {
        if (answer < 0) {
          throw new TerminalClosedException("input failed with error " + -answer);
        }
        yield answer;
      }
    };
  }

  @Override
  public boolean awaitWritable(Duration timeout) {
    final long end =
        System.nanoTime() + Math.min(TimeUnit.NANOSECONDS.convert(timeout), LONGEST_NANOS);
    try (Arena arena = Arena.ofConfined()) {
      final Poll poll = new Poll(arena, 2);
      while (true) {
        final long left = Math.max(0, end - System.nanoTime());
        final long wait = Math.min(left, LOOK_AGAIN_NANOS);
        final int open =
            line.input()
                .use(fd -> leader.use(pidfd -> awaitEither(poll, fd, pidfd, wait), CLOSED), CLOSED);
        final int input = poll.ready(INPUT);
        if (open != CLOSED && poll.ready(LEADER) != 0) {
          // Who reads may be held up, and find out later; who writes would come again and again.
          ended = true;
        }
        if (ended || open == CLOSED || (input & POLLERR) != 0) {
          return false;
        }
        final boolean hungUp = (input & POLLHUP) != 0;
        if (input != 0 && !hungUp) {
          return true;
        }
        if (left == 0) {
          return false;
        }
        if (hungUp) {
          LockSupport.parkNanos(Math.min(left, HUNG_UP_NANOS));
        }
      }
    }
  }

  private static int awaitEither(Poll poll, int input, int pidfd, long nanos) {
    poll.watch(INPUT, input, Libc.POLLOUT);
    poll.watch(LEADER, pidfd, Libc.POLLIN);
    poll.await(Poll.millis(nanos));
    return 0;
  }

  @Override
  public void endInput() {
    line.endInput();
  }

  @Override
  public void resize(Size size) {
    line.resize(size);
  }

  @Override
  public void signal(Signal signal) {
    processes.signal(processes.leader(), signal);
  }

  @Override
  public void interrupt() {
    if (hasTerminalBehind()) {
      press(INTERRUPT_KEY);
    } else {
      line.interrupt(processes);
    }
  }

  private boolean hasTerminalBehind() {
    return meant == Meant.BEHIND && line.foregroundGroup() != 0;
  }

  /** Presses a key, ahead of input that waits. Nothing where the terminal takes none just now. */
  private void press(byte key) {
    try {
      final int _ = write(ByteBuffer.wrap(new byte[] {key}));
    } catch (TerminalClosedException e) {
      // Then there is nobody to press it for.
    }
  }

  @Override
  public Foreground foreground() {
    if (ended) {
      return Foreground.GONE;
    }
    final int group = line.foregroundGroup();
    if (group == 0) {
      return Foreground.UNKNOWN;
    }
    if (!isLeaders(group)) {
      return Foreground.OTHER;
    }
    final boolean atWork = ProcessTable.read(group).map(ProcessTable.Entry::atWork).orElse(false);
    return atWork ? Foreground.LEADER_AT_WORK : Foreground.LEADER;
  }

  /** A shell that is the child of a leader has made itself a group. */
  private boolean isLeaders(int group) {
    return group == processes.leader()
        || (meant == Meant.CHILD
            && ProcessTable.read(group)
                .map(head -> Libc.getpgid(head.parent()) == processes.leader())
                .orElse(false));
  }

  @Override
  public boolean readsLines() {
    return ended || line.readsLines();
  }

  @Override
  public void killForeground() {
    if (hasTerminalBehind()) {
      press(QUIT_KEY);
      return;
    }
    final int group = line.foregroundGroup();
    if (group != 0 && !isLeaders(group)) {
      processes.signal(group, Signal.KILL);
    }
  }

  @Override
  public synchronized void stop(Duration grace) {
    if (!ending) {
      stopper.stop(grace);
    }
  }

  @Override
  public void pause() {
    processes.pause();
  }

  @Override
  public void resume() {
    processes.resume();
  }

  @Override
  public void close() {
    stop(Duration.ZERO);
  }

  /** The leader has ended, there may still be output. */
  void leaderEnded() {
    ended = true;
    stopper.look();
  }

  /** Whether the end may come now: not before a stop that was begun has reached all processes. */
  synchronized boolean beginEnd() {
    if (stopper.busy()) {
      return false;
    }
    ending = true;
    return true;
  }

  /** Reaps the leader and lets go of everything. */
  Exit end() {
    ended = true;
    line.close();
    final Exit exit = processes.reap();
    leader.close();
    wake.close();
    return exit;
  }

  private void wakeReader() {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
      final MemorySegment errno = Libc.errno(arena);
      // It fails only if it is full, and then the reader has reason enough to wake.
      final int _ = wake.use(fd -> Libc.write(errno, fd, one, Long.BYTES), 0);
    }
  }
}

package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/** Waits for several descriptors at once: poll(2). For one thread, the arena's. */
final class Poll {
  /** An entry that is passed over. */
  static final int NONE = -1;

  private static final long ENTRY = 8;
  private static final long EVENTS = 4;
  private static final long RETURNED = 6;

  private final MemorySegment entries;
  private final MemorySegment errno;
  private final int count;

  Poll(Arena arena, int count) {
    this.entries = arena.allocate(ENTRY * count, Integer.BYTES);
    this.errno = Libc.errno(arena);
    this.count = count;
    for (int i = 0; i < count; i++) {
      watch(i, NONE, (short) 0);
    }
  }

  void watch(int entry, int fd, short events) {
    entries.set(JAVA_INT, entry * ENTRY, fd);
    entries.set(JAVA_SHORT, entry * ENTRY + EVENTS, events);
  }

  /** Waits until something is ready; negative: for ever. May return early with nothing ready. */
  void await(long timeoutMillis) {
    final int timeout = Math.clamp(timeoutMillis, -1, Integer.MAX_VALUE);
    final int answer = Libc.poll(errno, entries, count, timeout);
    if (answer < 0) {
      if (answer != -Libc.EINTR) {
        throw new IllegalStateException("poll failed with error " + -answer);
      }
      for (int i = 0; i < count; i++) {
        entries.set(JAVA_SHORT, i * ENTRY + RETURNED, (short) 0);
      }
    }
  }

  /** A time for {@link #await} that is not shorter than this one. */
  static long millis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos) + (nanos % 1_000_000 == 0 ? 0 : 1);
  }

  /** What has happened to an entry: its events, errors and hang-up; 0 if nothing. */
  short ready(int entry) {
    return entries.get(JAVA_SHORT, entry * ENTRY + RETURNED);
  }
}

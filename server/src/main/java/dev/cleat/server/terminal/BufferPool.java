package dev.cleat.server.terminal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Native memory for reading and writing, lent only while there is something to move: a thousand
 * idle terminals hold none. Thread-safe.
 */
final class BufferPool {
  /** Bytes in a buffer, and the most that a listener gets at a time. */
  static final int CAPACITY = 64 * 1024;

  private static final int MOST_IDLE = 32;

  private final ConcurrentLinkedDeque<Buffer> idle = new ConcurrentLinkedDeque<>();
  private final AtomicInteger idleCount = new AtomicInteger();

  /**
   * Memory, the same memory for Java's eyes, and a place for an error number. For one thread at a
   * time.
   */
  record Buffer(MemorySegment memory, ByteBuffer view, MemorySegment errno) {}

  Buffer borrow() {
    final Buffer buffer = idle.pollFirst();
    if (buffer != null) {
      idleCount.decrementAndGet();
      return buffer;
    }
    final Arena arena = Arena.ofAuto();
    final MemorySegment memory = arena.allocate(CAPACITY);
    return new Buffer(memory, memory.asByteBuffer(), Libc.errno(arena));
  }

  /** Takes a buffer back. What is too many is left to the garbage collector. */
  void giveBack(Buffer buffer) {
    if (idleCount.incrementAndGet() <= MOST_IDLE) {
      idle.addFirst(buffer);
    } else {
      idleCount.decrementAndGet();
    }
  }
}

package dev.cleat.server.session;

import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * A session's turn at drawing. Drawing takes as long as a program wants, and a virtual thread keeps
 * the processor that it is on until it waits for something. So however many sessions are drawn, it
 * is done on half of the processors at most, by turns of a few milliseconds: all other threads, and
 * the other sessions' drawing, go on between them.
 *
 * <p>For one thread at a time.
 */
final class DrawingTurn {
  /** Of all sessions of this Java machine, as the processors are. In the order of asking. */
  private static final Semaphore TURNS =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);

  private boolean mine;

  /** Waits for its turn, and draws something; whatever that is must not wait for anything else. */
  void draw(Runnable drawing) {
    begin();
    try {
      drawing.run();
    } finally {
      end();
    }
  }

  /** Lets the others have theirs, in the middle of {@link #draw}. */
  void pass() {
    end();
    // Not yield: with that, two of them would keep a carrier between them.
    LockSupport.parkNanos(1);
    begin();
  }

  /** Whether something is being drawn. */
  boolean isMine() {
    return mine;
  }

  private void begin() {
    TURNS.acquireUninterruptibly();
    mine = true;
  }

  private void end() {
    mine = false;
    TURNS.release();
  }
}

package dev.cleat.server.rpc;

import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Brings a client at the head what is appended, on the event loop of its connection, where it has
 * to go anyway: that saves waking the pump on its way there. It takes only what is in memory and
 * can be sent at once; everything else it leaves to the pump, which sleeps meanwhile.
 *
 * <p>Cursor and outlet belong to one of the two at a time; the state says to which.
 */
final class Courier implements Runnable {
  private enum State {
    /** The pump has the cursor. */
    PUMP,
    /** The pump sleeps at the head; whoever comes first takes the cursor. */
    IDLE,
    /** The courier has the cursor. */
    COURIER,
    /** The courier has it, and the pump wants it back. */
    CALLED
  }

  private final @Nullable Executor loop;
  private final Outlet<AttachFrame> outlet;
  private final int batchBytes;
  private final AtomicReference<State> state = new AtomicReference<>(State.PUMP);
  private @Nullable Cursor cursor;
  private volatile @Nullable RuntimeException failure;

  /**
   * A courier without a cursor.
   *
   * @param loop runs things on the connection's event loop, or null to leave everything to the pump
   */
  Courier(@Nullable Executor loop, Outlet<AttachFrame> outlet, int batchBytes) {
    this.loop = loop;
    this.outlet = outlet;
    this.batchBytes = batchBytes;
  }

  /** What it takes batches from, as they are. Without this, the pump does everything. */
  void carryFrom(Cursor source) {
    cursor = source;
  }

  /** The cursor's bell: there is something to poll. */
  void rang() {
    if (loop != null && state.compareAndSet(State.IDLE, State.COURIER)) {
      execute(loop);
    } else {
      outlet.ring();
    }
  }

  private void execute(Executor target) {
    try {
      target.execute(this);
    } catch (RejectedExecutionException e) {
      // The server shuts down; the pump sees to what is left.
      giveBack();
    }
  }

  /** Waits for the outlet's bell; the pump has the cursor afterwards, as before. */
  void await(long nanos) {
    if (cursor != null) {
      state.set(State.IDLE);
    }
    outlet.await(nanos);
    while (!takeBack()) {
      outlet.await(nanos);
    }
    final RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  /** Takes the cursor from a courier that is idle, or tells a busy one to give it back soon. */
  private boolean takeBack() {
    while (true) {
      if (state.get() == State.PUMP || state.compareAndSet(State.IDLE, State.PUMP)) {
        return true;
      }
      if (state.get() == State.CALLED || state.compareAndSet(State.COURIER, State.CALLED)) {
        return false;
      }
    }
  }

  @Override
  public void run() {
    final Cursor source = cursor;
    final Executor target = loop;
    if (source == null || target == null) {
      giveBack();
      return;
    }
    try {
      final boolean sent = outlet.trySendNext(() -> next(source));
      if (!sent && source.isReady()) {
        giveBack();
      } else if (source.arm()) {
        if (!state.compareAndSet(State.COURIER, State.IDLE)) {
          giveBack();
        }
      } else if (state.get() == State.CALLED) {
        giveBack();
      } else {
        // Others on this event loop come in between.
        execute(target);
      }
    } catch (RuntimeException e) {
      failure = e;
      giveBack();
    } catch (Throwable e) {
      // There may be no memory for a message; the pump must not wait for this loop all the same.
      failure = new IllegalStateException("an event loop could not send", e);
      giveBack();
    }
  }

  private @Nullable AttachFrame next(Cursor source) {
    final Batch batch = source.pollRecent(batchBytes);
    return batch == null ? null : new AttachFrame.Events(batch);
  }

  private void giveBack() {
    state.set(State.PUMP);
    outlet.ring();
  }
}

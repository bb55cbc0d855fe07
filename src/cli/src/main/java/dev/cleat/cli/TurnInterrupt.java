package dev.cleat.cli;

import dev.cleat.client.CleatException;
import dev.cleat.client.RunningTurn;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C while a turn is started and waited for: the first cancels the turn, whose end then comes
 * as any other; the second ends this process and leaves the turn alone. A Ctrl-C that could not
 * cancel does not count. Signals come on threads of their own; {@code this} guards the state.
 */
final class TurnInterrupt implements AutoCloseable {
  private static final String SIGNAL = "INT";
  private static final int INTERRUPTED = 130;

  private final Streams streams;
  private @Nullable Object before;
  private @Nullable RunningTurn turn;
  private boolean cancelled;

  private TurnInterrupt(Streams streams) {
    this.streams = streams;
  }

  /** From now on, until it is closed. */
  static TurnInterrupt arm(Streams streams) {
    TurnInterrupt interrupt = new TurnInterrupt(streams);
    interrupt.before = Signals.register(SIGNAL, interrupt::interrupted);
    return interrupt;
  }

  /** This is the turn; it is cancelled at once when Ctrl-C came while it was on its way. */
  RunningTurn started(RunningTurn running) {
    boolean late;
    synchronized (this) {
      turn = running;
      late = cancelled;
    }
    if (late) {
      cancel(running);
    }
    return running;
  }

  /** Whether the turn was cancelled from here, or is just being. */
  synchronized boolean cancelled() {
    return cancelled;
  }

  @Override
  public void close() {
    Signals.unregister(SIGNAL, before);
  }

  private void interrupted() {
    boolean again;
    RunningTurn running;
    synchronized (this) {
      again = cancelled;
      cancelled = true;
      running = turn;
    }
    if (again) {
      System.exit(INTERRUPTED); // not halt: the terminal is to be as it was
    }
    if (running != null) {
      cancel(running);
    }
  }

  private void cancel(RunningTurn running) {
    try {
      running.cancel();
    } catch (CleatException e) {
      synchronized (this) {
        cancelled = false;
      }
      streams.note("cleat: the turn could not be cancelled: " + e.getMessage());
    }
  }
}

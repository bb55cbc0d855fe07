package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.terminal.Exit;
import dev.cleat.server.terminal.Foreground;
import dev.cleat.server.terminal.Signal;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalClosedException;
import dev.cleat.server.terminal.TerminalListener;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The process of a session that has one for each turn only: it runs until it is stopped, and passes
 * on to the turn's process, if there is one, what it is told.
 *
 * <p>Thread-safe.
 */
final class HeadlessTerminal implements Terminal {
  private final TerminalListener listener;
  private @Nullable Terminal turn;
  private boolean stopping;
  private boolean over;

  HeadlessTerminal(TerminalListener listener) {
    this.listener = listener;
  }

  /** A turn's process has been started. */
  synchronized void began(Terminal process) {
    turn = process;
    if (stopping) {
      process.stop(Duration.ZERO);
    }
  }

  /** It has ended. */
  void ended() {
    synchronized (this) {
      turn = null;
    }
    exitIfStopped();
  }

  /**
   * The listener waits for others who may wait for whoever called: it is told on another thread.
   */
  private void exitIfStopped() {
    synchronized (this) {
      if (!stopping || over || turn != null) {
        return;
      }
      over = true;
    }
    Thread.ofVirtual()
        .name("cleat-headless-exit")
        .start(LogFields.carried(() -> listener.exited(new Exit.Code(0))));
  }

  /** Whether it has been told to stop. */
  synchronized boolean isStopping() {
    return stopping;
  }

  private synchronized @Nullable Terminal turn() {
    return turn;
  }

  @Override
  public long pid() {
    final Terminal process = turn();
    return process == null ? 0 : process.pid();
  }

  @Override
  public int write(ByteBuffer data) throws TerminalClosedException {
    throw new TerminalClosedException("nothing reads input here");
  }

  @Override
  public boolean awaitWritable(Duration timeout) {
    return false;
  }

  @Override
  public void endInput() {}

  @Override
  public void resize(Size size) {}

  @Override
  public void signal(Signal signal) {
    final Terminal process = turn();
    if (process != null) {
      process.signal(signal);
    }
  }

  @Override
  public void interrupt() {
    final Terminal process = turn();
    if (process != null) {
      process.interrupt();
    }
  }

  @Override
  public Foreground foreground() {
    return Foreground.UNKNOWN;
  }

  @Override
  public boolean readsLines() {
    return true;
  }

  @Override
  public void killForeground() {
    final Terminal process = turn();
    if (process != null) {
      process.stop(Duration.ZERO);
    }
  }

  @Override
  public void stop(Duration grace) {
    final Terminal process;
    synchronized (this) {
      stopping = true;
      process = turn;
    }
    if (process != null) {
      process.stop(grace);
    }
    exitIfStopped();
  }

  @Override
  public void pause() {
    final Terminal process = turn();
    if (process != null) {
      process.pause();
    }
  }

  @Override
  public void resume() {
    final Terminal process = turn();
    if (process != null) {
      process.resume();
    }
  }

  @Override
  public void close() {
    stop(Duration.ZERO);
  }
}

package dev.cleat.cli;

import dev.cleat.cli.terminal.LocalTerminal;
import dev.cleat.cli.terminal.OutputFilter;
import dev.cleat.client.ScreenPicture;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jline.terminal.Size;
import org.jspecify.annotations.Nullable;

/**
 * Where an attached session is shown. Safe for use by any thread: output, notices and the closing
 * come one after the other under {@code lock}, and nothing is shown after the closing.
 */
final class Screen implements AutoCloseable {
  /** A terminal that takes nothing any more does not keep the process from ending. */
  private static final long CLOSE_MILLIS = 1_000;

  private final Streams streams;
  private final @Nullable LocalTerminal terminal;
  private final @Nullable OutputFilter filter;

  /** Of its own: what one stream has begun to print, the other does not go on with. */
  private final @Nullable OutputFilter errorFilter;

  private final ReentrantLock lock = new ReentrantLock();
  private boolean printed;
  private boolean errorsPrinted;
  private boolean closed;

  /**
   * For a terminal in raw mode, or for whatever standard output is.
   *
   * @param terminal where the session takes the whole terminal
   */
  Screen(Streams streams, Optional<LocalTerminal> terminal) {
    this.streams = streams;
    this.terminal = terminal.orElse(null);
    boolean shown = terminal.isPresent() || streams.seen().getAsBoolean();
    this.filter = shown ? OutputFilter.forTerminal() : null;
    this.errorFilter = streams.errSeen().getAsBoolean() ? OutputFilter.forTerminal() : null;
  }

  /** The session printed this. */
  void print(byte[] bytes, boolean toStandardError) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (toStandardError) {
        errorsPrinted = true;
        streams.note(errorFilter == null ? bytes : errorFilter.filter(bytes));
      } else {
        printed = true;
        streams.print(filter == null ? bytes : filter.filter(bytes));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Shows what the session's terminal shows, in place of what is there. */
  void show(ScreenPicture picture) {
    lock.lock();
    try {
      if (terminal != null && filter != null && !closed) {
        int rows = terminal.size().map(Size::getRows).orElse(picture.rows());
        int columns = terminal.size().map(Size::getColumns).orElse(picture.columns());
        printed = true;
        streams.print(filter.filter(Painter.room(rows)));
        streams.print(filter.filter(Painter.picture(picture, rows, columns)));
      }
    } finally {
      lock.unlock();
    }
  }

  /** A new process begins, on an empty screen: what the one before it has left is of no use. */
  void begin() {
    lock.lock();
    try {
      if (terminal != null && filter != null && printed && !closed) {
        int rows = terminal.size().map(Size::getRows).orElse(1);
        streams.print(filter.filter(filter.undo()));
        streams.print(filter.filter(Painter.room(rows)));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Says something beside the session's output, on lines of its own. */
  void notice(String text) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      boolean raw = terminal != null && terminal.isRaw();
      String line = Show.harmless(text);
      streams.note((raw ? "\r\n" + line + "\r\n" : line + "\n").getBytes(StandardCharsets.UTF_8));
    } finally {
      lock.unlock();
    }
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    boolean locked = false;
    try {
      locked = lock.tryLock(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
      if (locked && !closed) {
        closed = true;
        undo();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (terminal != null) {
        terminal.close();
      }
      if (locked) {
        lock.unlock();
      }
    }
  }

  private void undo() {
    try {
      if (printed && filter != null) {
        streams.print(filter.undo());
      }
      if (errorsPrinted && errorFilter != null) {
        streams.note(errorFilter.undo());
      }
      if (terminal != null && terminal.isRaw()) {
        streams.note("\r\n".getBytes(StandardCharsets.UTF_8));
      }
    } catch (OutputClosedException e) {
      return; // the terminal is gone, and its modes with it
    }
  }
}

package dev.cleat.cli;

import dev.cleat.cli.terminal.OutputFilter;
import org.jspecify.annotations.Nullable;

/**
 * A session's output as a result of a command. For one thread, and for the end of the process,
 * which may come on another: {@code this} guards the state, and nothing is printed after the
 * closing.
 */
final class Printout implements AutoCloseable {
  /** A terminal that takes nothing any more does not keep the process from ending. */
  private static final long RESTORE_MILLIS = 1_000;

  private final Streams streams;
  private final @Nullable OutputFilter filter;
  private final boolean seen;
  private final Thread restore = new Thread(this::restore, "cleat-restore");
  private byte last = '\n';
  private boolean printed;
  private boolean closed;

  private Printout(Streams streams, OutputOption option) {
    this.streams = streams;
    this.filter = option.filter(streams);
    this.seen = streams.seen().getAsBoolean();
  }

  /** From now on, until it is closed or a signal ends the process. */
  static Printout open(Streams streams, OutputOption option) {
    Printout printout = new Printout(streams, option);
    if (printout.seen) {
      try {
        Runtime.getRuntime().addShutdownHook(printout.restore);
      } catch (IllegalStateException e) {
        printout.undo(); // The process ends already: nothing is printed any more.
      }
    }
    return printout;
  }

  synchronized void print(byte[] bytes) {
    if (closed) {
      return;
    }
    printed = true;
    byte[] shown = filter == null ? bytes : filter.filter(bytes);
    if (shown.length > 0) {
      last = shown[shown.length - 1];
      streams.print(shown);
    }
  }

  /** Leaves a terminal as it was, with the cursor at the start of a line. */
  @Override
  public void close() {
    try {
      undo();
    } finally {
      forget();
    }
  }

  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(restore);
    } catch (IllegalStateException e) {
      return; // The process ends, and finds nothing to undo.
    }
  }

  private synchronized void undo() {
    if (closed) {
      return;
    }
    closed = true;
    if (seen && printed && filter != null) {
      streams.print(filter.undo());
    }
    if (seen && last != '\n') {
      streams.line("");
    }
  }

  /** Runs when the process ends by a signal. */
  private void restore() {
    Thread undo =
        Thread.ofPlatform()
            .daemon()
            .unstarted(() -> {
              try {
                undo();
              } catch (OutputClosedException e) {
                return; // the terminal is gone, and its modes with it
              }
            });
    undo.start();
    try {
      undo.join(RESTORE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

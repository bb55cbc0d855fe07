package dev.cleat.cli;

import dev.cleat.cli.terminal.OutputFilter;
import org.jspecify.annotations.Nullable;

/** A session's output as a result of a command. For one thread. */
final class Printout implements AutoCloseable {
  private final Streams streams;
  private final @Nullable OutputFilter filter;
  private final boolean seen;
  private byte last = '\n';

  Printout(Streams streams, OutputOption option) {
    this.streams = streams;
    this.filter = option.filter(streams);
    this.seen = streams.seen().getAsBoolean();
  }

  void print(byte[] bytes) {
    byte[] shown = filter == null ? bytes : filter.filter(bytes);
    if (shown.length > 0) {
      last = shown[shown.length - 1];
      streams.print(shown);
    }
  }

  /** Leaves a terminal as it was, with the cursor at the start of a line. */
  @Override
  public void close() {
    if (seen && filter != null) {
      streams.print(filter.undo());
    }
    if (seen && last != '\n') {
      streams.line("");
    }
  }
}

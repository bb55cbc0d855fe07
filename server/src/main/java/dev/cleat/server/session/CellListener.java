package dev.cleat.server.session;

import dev.cleat.server.isolation.Cell;
import dev.cleat.server.terminal.Exit;
import dev.cleat.server.terminal.Stream;
import dev.cleat.server.terminal.TerminalListener;
import java.nio.ByteBuffer;

/** Ends what has outlived a process before anybody hears that it has ended. */
record CellListener(TerminalListener listener, Cell cell) implements TerminalListener {
  @Override
  public void begins() {
    listener.begins();
  }

  @Override
  public void dropped(int bytes) {
    listener.dropped(bytes);
  }

  @Override
  public void output(Stream stream, ByteBuffer data) {
    listener.output(stream, data);
  }

  @Override
  public void exited(Exit exit) {
    cell.close();
    listener.exited(exit);
  }
}

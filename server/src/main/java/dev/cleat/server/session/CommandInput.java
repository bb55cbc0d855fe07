package dev.cleat.server.session;

import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalClosedException;
import java.nio.ByteBuffer;
import java.time.Duration;

/** What a command is given on its standard input, all of it and then the end. */
final class CommandInput {
  private static final Duration LOOK = Duration.ofSeconds(10);

  private CommandInput() {}

  /**
   * Gives it on a thread of its own, which waits in native code while the command does not read.
   */
  static void give(Terminal process, byte[] input) {
    Thread.ofPlatform()
        .daemon()
        .name("cleat-input-" + process.pid())
        .start(() -> write(process, ByteBuffer.wrap(input)));
  }

  private static void write(Terminal process, ByteBuffer data) {
    try {
      while (data.hasRemaining()) {
        if (process.write(data) == 0) {
          final boolean _ = process.awaitWritable(LOOK);
        }
      }
      process.endInput();
    } catch (TerminalClosedException e) {
      // It has ended before it read its prompt: its exit and its errors say why.
      return;
    }
  }
}

package dev.cleat.cli.terminal;

import java.io.IOException;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/** Which of the process's streams a person sees or types into. */
public final class StandardStreams {
  private StandardStreams() {}

  /** Whether standard input is a terminal. */
  public static boolean inputIsTerminal() {
    return isTerminal(SystemStream.Input);
  }

  /** Whether standard output is a terminal. */
  public static boolean outputIsTerminal() {
    return isTerminal(SystemStream.Output);
  }

  private static boolean isTerminal(SystemStream stream) {
    try {
      return TerminalProvider.load("ffm").isSystemStream(stream);
    } catch (IOException e) {
      return false; // no provider for this platform
    }
  }
}

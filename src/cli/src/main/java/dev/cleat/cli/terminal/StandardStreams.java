package dev.cleat.cli.terminal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/** Which of the process's streams a person sees or types into. */
public final class StandardStreams {
  private static final int STANDARD_INPUT = 0;

  /** On Linux 0, elsewhere 1. */
  private static final int TCIFLUSH =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux") ? 0 : 1;

  private StandardStreams() {}

  /** Whether standard input is a terminal. */
  public static boolean inputIsTerminal() {
    return isTerminal(SystemStream.Input);
  }

  /** Whether standard output is a terminal. */
  public static boolean outputIsTerminal() {
    return isTerminal(SystemStream.Output);
  }

  /** Whether standard error is a terminal. */
  public static boolean errorIsTerminal() {
    return isTerminal(SystemStream.Error);
  }

  /**
   * Throws away what was typed on standard input, a terminal, and was not read: also the line that
   * is not finished, which no read would give.
   */
  @SuppressWarnings("restricted") // The JDK has no call for that.
  public static void forgetTyped() {
    Linker linker = Linker.nativeLinker();
    MethodHandle tcflush =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("tcflush"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    try {
      int _ = (int) tcflush.invokeExact(STANDARD_INPUT, TCIFLUSH); // else there is nothing to read
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isTerminal(SystemStream stream) {
    try {
      return TerminalProvider.load("ffm").isSystemStream(stream);
    } catch (IOException e) {
      return false; // no provider for this platform
    }
  }
}

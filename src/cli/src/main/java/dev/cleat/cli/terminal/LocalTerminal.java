package dev.cleat.cli.terminal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.Optional;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.ControlFlag;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Attributes.OutputFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/**
 * The terminal that the command runs on. It is used for its modes and its size alone: bytes are
 * read from standard input and written to standard output directly, so that nothing is decoded,
 * buffered or asked of the terminal in between.
 *
 * <p>Safe for use by any thread.
 */
public final class LocalTerminal implements AutoCloseable {
  private final Terminal terminal;
  private final Attributes original;
  private boolean closed;
  private boolean raw;

  private LocalTerminal(Terminal terminal) {
    this.terminal = terminal;
    this.original = terminal.getAttributes();
  }

  /** The terminal; empty when standard input is not one, or nothing shows what is printed. */
  public static Optional<LocalTerminal> open() {
    try {
      return Optional.of(
          new LocalTerminal(
              TerminalBuilder.builder()
                  .system(true)
                  .systemOutput(TerminalBuilder.SystemOutput.SysOutOrSysErr)
                  .providers("ffm,exec")
                  .dumb(false)
                  // What it asks the terminal would be answered into the session's input.
                  .graphemeCluster(false)
                  .nativeSignals(false)
                  // Its capabilities are of no interest; this one needs no look at terminfo.
                  .type("ansi")
                  .build()));
    } catch (IOException | IllegalStateException e) {
      return Optional.empty(); // this is how it says that there is no terminal
    }
  }

  /** Every key comes as its bytes at once, and every byte printed goes out as it is. */
  public synchronized void enterRawMode() {
    if (closed) {
      return;
    }
    Attributes attributes = new Attributes(original);
    attributes.setInputFlags(
        EnumSet.of(
            InputFlag.IGNBRK,
            InputFlag.BRKINT,
            InputFlag.PARMRK,
            InputFlag.ISTRIP,
            InputFlag.INLCR,
            InputFlag.IGNCR,
            InputFlag.ICRNL,
            InputFlag.IXON),
        false);
    attributes.setOutputFlag(OutputFlag.OPOST, false);
    attributes.setLocalFlags(
        EnumSet.of(
            LocalFlag.ECHO, LocalFlag.ECHONL, LocalFlag.ICANON, LocalFlag.ISIG, LocalFlag.IEXTEN),
        false);
    attributes.setControlFlag(ControlFlag.PARENB, false);
    attributes.setControlChar(ControlChar.VMIN, 1);
    attributes.setControlChar(ControlChar.VTIME, 0);
    terminal.setAttributes(attributes);
    if (!raw) {
      raw = true;
      // A shell that stopped this process has set modes of its own meanwhile.
      Signals.register("CONT", this::enterRawMode);
    }
  }

  /** True between {@link #enterRawMode} and {@link #close}. */
  public synchronized boolean isRaw() {
    return raw && !closed;
  }

  /** The size of the window, or empty when it is not known. */
  public synchronized Optional<Size> size() {
    if (closed) {
      return Optional.empty();
    }
    Size size = terminal.getSize();
    return size.getRows() > 0 && size.getColumns() > 0 ? Optional.of(size) : Optional.empty();
  }

  /** Calls back, on a thread of its own, whenever the window gets another size. */
  public void onResize(Runnable resized) {
    Signals.register("WINCH", resized);
  }

  /** Sets the modes that it had before. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      terminal.setAttributes(original);
      terminal.close();
    } catch (IllegalStateException e) {
      return; // JLine's own shutdown hook was faster, and did the same
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

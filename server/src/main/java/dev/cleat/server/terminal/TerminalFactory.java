package dev.cleat.server.terminal;

/** Starts processes. Thread-safe; nothing above may know which implementation it has. */
@FunctionalInterface
public interface TerminalFactory {

  /**
   * Starts a process as the leader of a session of its own, and returns once its program runs. It
   * has default signal dispositions, no blocked signals, no descriptors but its standard streams,
   * and the environment of the specification.
   *
   * @param listener hears the output and the exit, possibly before this method returns
   * @throws TerminalStartException if the program could not be started; the listener is then never
   *     called
   */
  Terminal start(TerminalSpec spec, TerminalListener listener) throws TerminalStartException;
}

package dev.cleat.server.terminal;

import java.nio.ByteBuffer;

/**
 * Hears what a terminal says. The calls of one terminal come one after the other, never two at a
 * time, from a thread that belongs to the terminal. They may block: this holds back this terminal's
 * process and nothing else. A listener that throws loses its terminal: the processes are killed,
 * and only {@link #exited} still comes.
 */
public interface TerminalListener {

  /** Comes first, on the terminal's thread, which is this terminal's until its end. */
  default void begins() {}

  /**
   * Takes output: what was there, up to 64 KiB, never waited for. Calls may start before {@link
   * TerminalFactory#start} has returned.
   *
   * @param stream where it came from
   * @param data the bytes from position to limit, valid only during the call; never empty
   */
  void output(Stream stream, ByteBuffer data);

  /**
   * Comes in place of {@link #output} once that has thrown: so much was read, and is dropped.
   *
   * @param bytes how much
   */
  default void dropped(int bytes) {}

  /**
   * The process has ended and all it wrote has been delivered. Called exactly once for each
   * terminal that was started, after the last {@link #output}. All descriptors have been released,
   * the process has been reaped.
   */
  void exited(Exit exit);
}

package dev.cleat.server.terminal;

import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * A running process, its leader, with a terminal or with pipes. Output and exit go to the {@link
 * TerminalListener}.
 *
 * <p>All methods may be called from any thread at any time, also after the exit, and from within
 * the listener. None blocks on the process, except {@link #awaitWritable} and, for a few
 * milliseconds, {@link #pause}. Signals are never sent to a process that has been reaped.
 */
public interface Terminal extends AutoCloseable {

  /** The leader's process id, which is its process group's and its session's as well. */
  long pid();

  /**
   * Gives input to the process, without ever blocking. What the process has asked its terminal to
   * do with input happens to it: so it is the kernel that drops what exceeds 4,095 bytes in a line,
   * where a process reads whole lines.
   *
   * @param data what to write from its position on; the position moves over what was taken
   * @return how many bytes were taken, 0 if the process does not keep up: see {@link
   *     #awaitWritable}
   * @throws TerminalClosedException if the leader has ended, or takes no more input
   */
  int write(ByteBuffer data) throws TerminalClosedException;

  /**
   * Waits until {@link #write} may take something again. Blocks in native code: call it from a
   * platform thread.
   *
   * @return false if the time was over, or the leader has ended or takes no more input: the next
   *     write says which
   */
  boolean awaitWritable(Duration timeout);

  /**
   * Ends the input: a process on pipes reads end-of-file after what was written. No effect on a
   * terminal.
   */
  void endInput();

  /**
   * Sets the window size and tells the foreground processes with SIGWINCH. No effect on pipes or
   * after the exit.
   */
  void resize(Size size);

  /** Sends a signal to the leader's process group. No effect after the exit. */
  void signal(Signal signal);

  /**
   * Sends SIGINT to the terminal's foreground process group, on pipes to the leader's. It does not
   * queue behind input, and comes also when the terminal is in raw mode. To a process behind the
   * program on a terminal, presses the key for it.
   */
  void interrupt();

  /** Who has the terminal; {@link Foreground#UNKNOWN} on pipes. */
  Foreground foreground();

  /**
   * Whether whoever reads the terminal reads whole lines, edited and echoed by the kernel, as
   * programs do that have not asked for each key. True on pipes and after the exit.
   */
  boolean readsLines();

  /**
   * Kills the foreground process group, if it is another than the leader's. No effect on pipes. To
   * a process behind the program, presses the key that makes it quit.
   */
  void killForeground();

  /**
   * Ends every process of the terminal's session, background jobs too: SIGHUP and SIGCONT now,
   * SIGTERM after half of the grace period, SIGKILL after all of it. Returns at once; the listener
   * hears the exit when all are gone. A shorter grace period than that of a stop under way takes
   * its place.
   *
   * @param grace zero kills at once
   */
  void stop(Duration grace);

  /**
   * Stops all processes of the session in their tracks, the leader first so that a shell does not
   * notice. Returns when they stand still, or after five seconds if one of them cannot.
   */
  void pause();

  /** Lets the processes of the session go on, the leader last. */
  void resume();

  /**
   * Kills what still runs, as {@code stop(Duration.ZERO)}; descriptors are released with the exit.
   * Idempotent.
   */
  @Override
  void close();
}

package dev.cleat.client;

import java.time.Duration;

/**
 * What a watch delivers. All callbacks of one watch come one after the other, from its own thread,
 * with no lock held; each change comes once and in order, whatever becomes of the connection.
 *
 * <p>Exactly one of {@link #onClosed} and {@link #onError} is called, and it is the last. A
 * callback that throws ends the watch with an error of reason {@link
 * CleatException#LISTENER_FAILED}.
 */
@FunctionalInterface
public interface WatchListener {

  /** Something happened to a session. */
  void onChange(SessionChange change);

  /** Changes are no longer known: what is needed of the sessions must be listed anew. */
  default void onGap(Gap gap) {}

  /** Everything up to here has come; what follows is live. Once. */
  default void onCaughtUp() {}

  /**
   * The connection is gone, and will be tried again.
   *
   * @param cause what happened
   * @param attempt 1 for the first try since something last came
   * @param delay how long from now the try is made
   */
  default void onReconnecting(CleatException cause, int attempt, Duration delay) {}

  /** The connection stands again. */
  default void onReconnected() {}

  /** The end, because the watch was closed. */
  default void onClosed() {}

  /**
   * The end, because of an error that trying again does not help. By default it goes to the
   * thread's handler for uncaught exceptions.
   */
  default void onError(CleatException error) {
    throw error;
  }
}

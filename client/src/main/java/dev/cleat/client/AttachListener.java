package dev.cleat.client;

import dev.cleat.v1.Event;
import java.time.Duration;

/**
 * What an attachment delivers. All callbacks of one attachment come one after the other, from its
 * own thread, with no lock held; each thing that happened to the session comes once and in order,
 * whatever becomes of the connection. The next is fetched after the callback has returned, so a
 * slow listener costs no memory and slows nobody else; while it takes its time, this attachment
 * does not reconnect either.
 *
 * <p>Exactly one of {@link #onEnded} and {@link #onError} is called, and it is the last. A callback
 * that throws ends the attachment with an error of reason {@link CleatException#LISTENER_FAILED}.
 */
@FunctionalInterface
public interface AttachListener {

  /** The session printed something. */
  void onOutput(OutputChunk output);

  /**
   * The first of all callbacks, before any connection is made.
   *
   * @param attachment the handle, for callbacks that send or close
   */
  default void onStart(Attachment attachment) {}

  /** The first connection stands. */
  default void onAttached(AttachInfo attached) {}

  /**
   * What the terminal shows, with {@link ScreenPicture#restore}. Once, before everything that
   * changes it, and only for an attachment {@linkplain AttachOptions#fromScreen that asked for it}.
   */
  default void onScreen(ScreenPicture screen) {}

  /**
   * Something other than output happened: the process ended, a turn moved on, the terminal was
   * resized …
   */
  default void onEvent(Event event) {}

  /**
   * Events are no longer there. By default trimmed events are passed over, since the session's
   * owner wanted that, and any other loss ends the attachment with {@link
   * CleatException.Code#DATA_LOSS}.
   */
  default void onGap(Gap gap) {
    if (gap.reason() != Gap.Reason.RETENTION) {
      throw new CleatException(
          CleatException.Code.DATA_LOSS, gap.reason().name(), "events are missing: " + gap, null);
    }
  }

  /**
   * Everything that there was has come; what follows is live. Once.
   *
   * @param seq the number of the newest event then
   */
  default void onCaughtUp(long seq) {}

  /**
   * The connection is gone, and will be tried again.
   *
   * @param cause what happened
   * @param attempt 1 for the first try since something last came
   * @param delay how long from now the try is made
   */
  default void onReconnecting(CleatException cause, int attempt, Duration delay) {}

  /** The connection stands again; what was missed follows. */
  default void onReconnected(AttachInfo attached) {}

  /**
   * Input may or may not have been applied; the futures of {@link Attachment#send} say the same.
   * Not the end.
   */
  default void onInputUncertain(InputUncertainException uncertain) {}

  /** The end, because the session ended or the attachment was closed. */
  default void onEnded(AttachEnd end) {}

  /**
   * The end, because of an error that trying again does not help. By default it goes to the
   * thread's handler for uncaught exceptions.
   */
  default void onError(CleatException error) {
    throw error;
  }
}

package dev.cleat.server.session;

import dev.cleat.v1.Event;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Image;
import dev.cleat.v1.Turn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The turns of a session: one at a time, the others in a queue. What they decide they append to the
 * journal first and believe afterwards, so that a step that failed for want of disk can be taken
 * again.
 *
 * <p>Confined to the session's lock.
 */
sealed interface Turns permits TypedTurns, AgentTurns {

  /** Turns that were open when the journal was read again. */
  void restore(List<Turn> open);

  /** The id of the turn that the tool has; empty when it has none. */
  String currentId();

  /** Whether there is no turn that has not ended. */
  boolean isEmpty();

  /**
   * Refuses a prompt that cannot be taken now.
   *
   * @throws Refusal NO_PROMPTS, NO_IMAGES, INVALID_REQUEST, BUSY, QUEUE_FULL
   */
  void check(Turn turn, List<Image> images, String tool, boolean refuseWhenBusy);

  /**
   * Takes a turn in, with the state ACCEPTED, and hands it to the tool as soon as that is ready.
   */
  Turn accept(Turn turn, List<Image> images);

  /**
   * Cancels a turn that has not ended.
   *
   * @return the turn as it is now
   */
  Turn cancel(String turnId);

  /** A client has interrupted what runs. */
  void interrupted();

  /**
   * Does what is due by now.
   *
   * @return when to come again at the latest, or null when nothing waits for time to pass
   */
  @Nullable Instant tick();

  /**
   * The process has ended, and all it printed has been looked at: the events that end its turns.
   */
  List<Event.Builder> sessionEnded(@Nullable Exit exit);

  /** The events that end the turns of a session whose process was lost with its server. */
  List<Event.Builder> sessionLost();

  /** The events of {@link #sessionEnded} or {@link #sessionLost} have been appended. */
  void clear();
}

package dev.cleat.server.session;

import dev.cleat.v1.Image;
import dev.cleat.v1.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What turns are handed to where a tool takes them as data. What it has to say of them comes to
 * {@link AgentTurns#hear}, never from within a call of this.
 *
 * <p>Confined to the session's lock.
 */
interface AgentDriver {

  /** Whether it would take a prompt now. */
  boolean isReady();

  /** Whether it takes pictures with a prompt. True while that is not known yet. */
  boolean takesImages();

  /**
   * Hands a prompt over. It is ready.
   *
   * @return null if it was, or in words for a person why not
   */
  @Nullable String prompt(Turn turn, List<Image> images);

  /** Asks it to stop what it does. */
  void interrupt();

  /** Ends the process that works on the turn. */
  void kill();

  /**
   * Answers a question.
   *
   * @param agentsId what the agent calls it
   * @param optionId empty: there is no answer
   */
  void answer(String agentsId, String optionId);

  /** It cannot go on: its process is to be ended, for this reason. */
  void giveUp(String reason);
}

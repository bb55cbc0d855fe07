package dev.cleat.server.session;

import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Image;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What turns are handed to where a tool takes them as data, or on its screen. What it has to say of
 * them comes to {@link AgentTurns#hear}, never from within a call of this.
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
   * @return null if it was, or what there is to say of one that was not
   */
  @Nullable AgentSaid prompt(Turn turn, List<Image> images);

  /** Nothing of the prompt got to the tool, for this reason. */
  static AgentSaid.Ended notSubmitted(String message) {
    return new AgentSaid.Ended(
        new Outcome(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED, message), null, "");
  }

  /** Asks it to stop what it does. */
  void interrupt();

  /** Ends the process that works on the turn. */
  void kill();

  /**
   * Answers a question.
   *
   * @param agentsId what the agent calls it
   * @param answer without an option, where there is none that fits
   */
  void answer(String agentsId, ApprovalAnswer answer);

  /** How it is known what the agent does. */
  default EvidenceSource source() {
    return EvidenceSource.EVIDENCE_SOURCE_STRUCTURED;
  }

  /** The last that the session's process, which has ended, printed to standard error. */
  default String errorTail() {
    return "";
  }

  /** Why the agent will not be ready for the prompts that wait; null while it may be. */
  default @Nullable Outcome unready() {
    return null;
  }

  /**
   * Does what is due by now.
   *
   * @return when to come again at the latest, or null when nothing waits for time to pass
   */
  default @Nullable Instant tick() {
    return null;
  }

  /** It cannot go on: its process is to be ended, for this reason. */
  void giveUp(String reason);
}

package dev.cleat.server.session;

import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import org.jspecify.annotations.Nullable;

/** What a session hears of its agent. */
sealed interface AgentSaid {

  /** It can take its first prompt. */
  record Ready() implements AgentSaid {}

  /** It said, thought or did something. */
  record Something(dev.cleat.v1.Event.Builder event) implements AgentSaid {}

  /** It named its own session. */
  record Resumable(String token) implements AgentSaid {}

  /**
   * Its modes are others than before, or it is in another one.
   *
   * @param byAgent without having been told to
   */
  record Modes(AgentModes modes, boolean byAgent) implements AgentSaid {}

  /** It asks; the id is the agent's. */
  record Asked(Approval.Builder approval) implements AgentSaid {}

  /**
   * The turn has ended.
   *
   * @param exit of the command that was the turn; null where it was none
   * @param errorTail the last that this printed to standard error
   */
  record Ended(Outcome outcome, @Nullable Exit exit, String errorTail) implements AgentSaid {}

  /** What was to take the turn could not be started; nothing of the prompt got anywhere. */
  record NotStarted(String message) implements AgentSaid {}

  /** It has begun with the turn, and has nothing to say yet. */
  record Begun() implements AgentSaid {}

  /** It does something else than before, as its screen shows. */
  record Active(ActivityState state, EvidenceSource source, long seq) implements AgentSaid {}

  /** A question of its is gone without one of its answers; the id is the agent's. */
  record Withdrawn(String agentsId) implements AgentSaid {}

  /** What it answered, for a preview. */
  record Showed(String text) implements AgentSaid {}

  /** It is not known what becomes of the turn. */
  record Unsure(Outcome why) implements AgentSaid {}

  /** It cannot go on. */
  record Broken(String message) implements AgentSaid {}
}

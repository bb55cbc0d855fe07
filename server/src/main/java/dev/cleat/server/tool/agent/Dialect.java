package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.TurnEndReason;

/** What one tool means by the JSON objects that it prints during one turn. */
interface Dialect {
  /** The outcome of a turn of which the tool did not tell the end. */
  Outcome CUT_SHORT =
      new Outcome(
          TurnEndReason.TURN_END_REASON_AGENT_ERROR,
          "the agent's output ended before it said how the turn went");

  /** Its name in {@code agent_message}. */
  String protocol();

  /**
   * Tells what an object says.
   *
   * @return false if it holds anything that has no event of its own
   */
  boolean read(JsonNode object);

  /**
   * How the turn ended, by what was read; {@link #CUT_SHORT} when the tool has not said. Called
   * once, behind the last object.
   */
  Outcome end();
}

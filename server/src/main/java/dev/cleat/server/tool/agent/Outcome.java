package dev.cleat.server.tool.agent;

import dev.cleat.v1.TurnEndReason;

/**
 * How an agent says a turn ended.
 *
 * @param reason {@link TurnEndReason#TURN_END_REASON_UNSPECIFIED} when it succeeded
 * @param message in words for a person; may be empty
 */
public record Outcome(TurnEndReason reason, String message) {
  /** With as much of the message as an event has of one. */
  public Outcome {
    message = Texts.cut(message, Texts.MOST_MESSAGE_BYTES);
  }

  /** It went well. */
  public static final Outcome SUCCEEDED =
      new Outcome(TurnEndReason.TURN_END_REASON_UNSPECIFIED, "");

  /** Whether it went well. */
  public boolean succeeded() {
    return reason == TurnEndReason.TURN_END_REASON_UNSPECIFIED;
  }
}

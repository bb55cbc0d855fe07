package dev.cleat.server.tool.agent;

import dev.cleat.v1.TurnEndReason;

/** What the answer to a prompt means. */
final class AcpOutcomes {
  private AcpOutcomes() {}

  static Outcome of(RpcReply reply, boolean cancelling) {
    if (reply.failed()) {
      // An agent that is interrupted in its work may report that as an error.
      return new Outcome(
          cancelling
              ? TurnEndReason.TURN_END_REASON_CANCELLED
              : TurnEndReason.TURN_END_REASON_AGENT_ERROR,
          reply.message());
    }
    String stopReason = AcpJson.text(reply.result(), "stopReason");
    return switch (stopReason) {
      case "end_turn" -> Outcome.SUCCEEDED;
      case "cancelled" -> cancelled();
      case "refusal" ->
          new Outcome(TurnEndReason.TURN_END_REASON_REFUSED, "The agent refused to go on.");
      case "max_tokens" ->
          new Outcome(
              TurnEndReason.TURN_END_REASON_LIMIT, "The model's limit of tokens was reached.");
      case "max_turn_requests" ->
          new Outcome(
              TurnEndReason.TURN_END_REASON_LIMIT,
              "The agent's limit of requests in one turn was reached.");
      default ->
          new Outcome(
              TurnEndReason.TURN_END_REASON_AGENT_ERROR,
              "The agent stopped for a reason that is not known here: '"
                  + Texts.cut(stopReason, 200)
                  + "'");
    };
  }

  static Outcome cancelled() {
    return new Outcome(TurnEndReason.TURN_END_REASON_CANCELLED, "");
  }
}

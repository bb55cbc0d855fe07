package dev.cleat.server.session;

import dev.cleat.v1.AgentError;
import dev.cleat.v1.Event;

/** What an agent says, as events of a session. */
final class AgentEvents {
  private AgentEvents() {}

  /** The event, said to belong to a turn. */
  static Event.Builder ofTurn(Event.Builder event, String turnId) {
    switch (event.getKindCase()) {
      case AGENT_TEXT -> event.getAgentTextBuilder().setTurnId(turnId);
      case AGENT_THOUGHT -> event.getAgentThoughtBuilder().setTurnId(turnId);
      case TOOL_CALL -> event.getToolCallBuilder().setTurnId(turnId);
      case TOOL_RESULT -> event.getToolResultBuilder().setTurnId(turnId);
      case USAGE_REPORTED -> event.getUsageReportedBuilder().setTurnId(turnId);
      case AGENT_ERROR -> event.getAgentErrorBuilder().setTurnId(turnId);
      case AGENT_MESSAGE -> event.getAgentMessageBuilder().setTurnId(turnId);
      default -> throw new IllegalArgumentException(event.getKindCase() + " says no agent");
    }
    return event;
  }

  static Event.Builder error(String message, String turnId) {
    return Event.newBuilder()
        .setAgentError(AgentError.newBuilder().setMessage(message).setTurnId(turnId));
  }
}

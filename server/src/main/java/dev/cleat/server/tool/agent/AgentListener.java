package dev.cleat.server.tool.agent;

import dev.cleat.v1.Event;

/**
 * Hears what an agent says, in the contract's words and in the agent's order. Called on the thread
 * that feeds the agent's bytes in, before that call returns.
 */
public interface AgentListener {

  /**
   * The agent said, thought or did something: {@code agent_text}, {@code agent_thought}, {@code
   * tool_call}, {@code tool_result}, {@code usage_reported}, {@code agent_error} or {@code
   * agent_message}. Number, time and turn are not set.
   */
  void said(Event.Builder event);

  /** The agent named its own session; it may do so more than once. */
  void resumable(String token);
}

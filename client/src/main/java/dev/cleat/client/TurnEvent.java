package dev.cleat.client;

import java.util.List;

/** What an agent says and does during a turn; see {@link TurnEvents}. All are immutable. */
public sealed interface TurnEvent {

  /**
   * A piece of what the agent said to its user.
   *
   * @param text pieces follow each other without anything between them
   */
  record AgentText(String text) implements TurnEvent {}

  /**
   * A piece of what the agent thought aloud.
   *
   * @param text pieces follow each other without anything between them
   */
  record AgentThought(String text) implements TurnEvent {}

  /**
   * The agent uses one of its own tools: a command, an edit, a search.
   *
   * @param callId names the call within the session; its result has the same
   * @param name the tool, by the agent's own name for it, such as {@code Bash}
   * @param title what it does, in one line for a person
   * @param inputJson its input, as the agent gave it; empty when it was too long, or not said
   * @param paths the files it says it touches
   */
  record ToolCall(String callId, String name, String title, String inputJson, List<String> paths)
      implements TurnEvent {}

  /**
   * What became of a tool call.
   *
   * @param callId the call
   * @param failed true when it failed, or was not permitted
   * @param text what the tool returned, as text: its first 64 KiB
   */
  record ToolResult(String callId, boolean failed, String text) implements TurnEvent {}

  /**
   * What the turn has used of a model so far.
   *
   * @param usage all of it, not what is new
   */
  record UsageReported(Usage usage) implements TurnEvent {}

  /**
   * The agent reported an error. Whether the turn fails, its end says.
   *
   * @param message the error, in the agent's words
   */
  record AgentError(String message) implements TurnEvent {}

  /**
   * Something that has no event of its own, as it came.
   *
   * @param protocol whose form it has: {@code acp}, or the name of the tool's own
   * @param json the message; empty when it was too long
   */
  record AgentMessage(String protocol, String json) implements TurnEvent {}

  /**
   * The agent asks before it does something, and waits.
   *
   * @param approval the question, as it was when it was asked
   */
  record ApprovalAsked(Approval approval) implements TurnEvent {}

  /**
   * A question was decided.
   *
   * @param approval the question, with its answer
   */
  record ApprovalResolved(Approval approval) implements TurnEvent {}

  /**
   * The agent said which modes it has, or is in another one. The session's events name no turn for
   * this: it came while the agent had the prompt.
   *
   * @param mode the id of the mode that it is in now; empty when it does not say
   * @param modes those that it offers: the first 50
   * @param byAgent true when it went into another mode by itself, such as when its plan was
   *     accepted; false when it has just started, or was told to
   */
  record AgentModeChanged(String mode, List<AgentMode> modes, boolean byAgent)
      implements TurnEvent {}

  /**
   * Events are no longer there, and some of this turn's may have been among them.
   *
   * @param gap which
   */
  record Missing(Gap gap) implements TurnEvent {}
}

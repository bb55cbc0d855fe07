package dev.cleat.server.session;

import dev.cleat.server.policy.Names;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.Event;
import dev.cleat.v1.Turn;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Takes the values of secret variables out of what the server says of a session in words of its
 * own, or quotes, and of what agents and programs say in events of their own. What a terminal shows
 * stays as it is, and so does what the caller has said.
 *
 * @param secret names of secret variables, as the policy has them now
 * @param env the variables that the caller has given to the session
 */
record Redaction(Supplier<Names> secret, Map<String, String> env) {
  /** What is shorter is in every text, and no secret. */
  private static final int SHORTEST = 4;

  Redaction {
    env = Map.copyOf(env);
  }

  /** Changes the texts of an event. */
  void redact(Event.Builder event) {
    if (secret.get().patterns().isEmpty()) {
      return;
    }
    switch (event.getKindCase()) {
      case STATE_CHANGED ->
          event.getStateChangedBuilder().setMessage(redacted(event.getStateChanged().getMessage()));
      case PROMPT_WAY_CHANGED ->
          event
              .getPromptWayChangedBuilder()
              .setMessage(redacted(event.getPromptWayChanged().getMessage()));
      case TURN_CHANGED -> redact(event.getTurnChangedBuilder().getTurnBuilder());
      case USAGE_ADDED -> redact(event.getUsageAddedBuilder().getTurnBuilder());
      case TITLE_CHANGED ->
          event.getTitleChangedBuilder().setTitle(redacted(event.getTitleChanged().getTitle()));
      case NOTIFIED -> event.getNotifiedBuilder().setText(redacted(event.getNotified().getText()));
      case APPROVAL_REQUESTED -> redact(event.getApprovalRequestedBuilder().getApprovalBuilder());
      case APPROVAL_RESOLVED -> redact(event.getApprovalResolvedBuilder().getApprovalBuilder());
      default -> redactAgents(event);
    }
  }

  private void redactAgents(Event.Builder event) {
    switch (event.getKindCase()) {
      // These come in pieces, whose ends are no cuts.
      case AGENT_TEXT ->
          event.getAgentTextBuilder().setText(withoutWhole(event.getAgentText().getText()));
      case AGENT_THOUGHT ->
          event.getAgentThoughtBuilder().setText(withoutWhole(event.getAgentThought().getText()));
      case AGENT_MESSAGE ->
          event.getAgentMessageBuilder().setJson(withoutWhole(event.getAgentMessage().getJson()));
      case AGENT_ERROR ->
          event.getAgentErrorBuilder().setMessage(redacted(event.getAgentError().getMessage()));
      case TOOL_CALL ->
          event
              .getToolCallBuilder()
              .setTitle(redacted(event.getToolCall().getTitle()))
              .setInputJson(withoutWhole(event.getToolCall().getInputJson()));
      case TOOL_RESULT ->
          event.getToolResultBuilder().setText(redacted(event.getToolResult().getText()));
      default -> {}
    }
  }

  private void redact(Approval.Builder approval) {
    approval
        .setQuestion(redacted(approval.getQuestion()))
        .setInputJson(withoutWhole(approval.getInputJson()))
        .setScreenText(redacted(approval.getScreenText()));
    for (ApprovalOption.Builder option : approval.getOptionsBuilderList()) {
      option.setName(redacted(option.getName()));
    }
  }

  private void redact(Turn.Builder turn) {
    turn.setStatusMessage(redacted(turn.getStatusMessage()))
        .setOutputPreview(redacted(turn.getOutputPreview()))
        .setErrorTail(redacted(turn.getErrorTail()));
  }

  /** A text without the values; one that has been cut at an end without their pieces there. */
  String redacted(String text) {
    String redacted = withoutWhole(text);
    if (!text.isEmpty()) {
      for (Map.Entry<String, String> entry : secrets()) {
        redacted = ends(redacted, entry.getValue(), mark(entry));
      }
    }
    return redacted;
  }

  /** A text without the values, also as they are in JSON. */
  private String withoutWhole(String text) {
    String redacted = text;
    if (!text.isEmpty()) {
      for (Map.Entry<String, String> entry : secrets()) {
        redacted =
            redacted
                .replace(entry.getValue(), mark(entry))
                .replace(inJson(entry.getValue()), mark(entry));
      }
    }
    return redacted;
  }

  /** The longest first: another may be a part of it. */
  private List<Map.Entry<String, String>> secrets() {
    final Names names = secret.get();
    return env.entrySet().stream()
        .filter(entry -> entry.getValue().length() >= SHORTEST && names.has(entry.getKey()))
        .sorted(Comparator.comparingInt(entry -> -entry.getValue().length()))
        .toList();
  }

  private static String inJson(String value) {
    return value
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t");
  }

  private static String mark(Map.Entry<String, String> secret) {
    return "[" + secret.getKey() + "]";
  }

  private static String ends(String text, String value, String mark) {
    String redacted = text;
    for (int length = value.length() - 1; length >= SHORTEST; length--) {
      final String head = value.substring(0, length);
      if (redacted.endsWith(head)) {
        redacted = redacted.substring(0, redacted.length() - length) + mark;
        break;
      }
    }
    for (int length = value.length() - 1; length >= SHORTEST; length--) {
      final String tail = value.substring(value.length() - length);
      if (redacted.startsWith(tail)) {
        redacted = mark + redacted.substring(length);
        break;
      }
    }
    return redacted;
  }
}

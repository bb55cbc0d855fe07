package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.AgentError;
import dev.cleat.v1.AgentMessage;
import dev.cleat.v1.AgentText;
import dev.cleat.v1.AgentThought;
import dev.cleat.v1.Event;
import org.jspecify.annotations.Nullable;

/** Turns the updates of a session into events. What has no event of its own is told as it came. */
final class AcpUpdates {
  /** Gemini CLI tells its mode with a text of its own that begins so. */
  private static final String MODE_TEXT = "[MODE_UPDATE] ";

  private final AgentListener listener;
  private final AcpToolCalls calls;
  private final AcpUsage usage;
  private final AcpChoices choices;
  private boolean trouble;
  private String words = "";

  AcpUpdates(AgentListener listener, AcpToolCalls calls, AcpUsage usage, AcpChoices choices) {
    this.listener = listener;
    this.calls = calls;
    this.usage = usage;
    this.choices = choices;
  }

  /** A turn begins. */
  void turnBegins() {
    trouble = false;
    words = "";
  }

  /**
   * What went wrong in the turn, where the agent says that it ended well all the same: Codex tells
   * a failure of its model as text, and shows that it is one in the state of its thread. Null when
   * nothing did.
   */
  @Nullable String trouble() {
    if (!trouble) {
      return null;
    }
    return words.isEmpty() ? "The agent reports an error of its system." : words.strip();
  }

  /** Takes an update of our session; the line is the whole message. */
  void update(JsonNode update, String line) {
    boolean more =
        switch (AcpJson.text(update, "sessionUpdate")) {
          case "agent_message_chunk" -> !text(update.path("content"));
          case "agent_thought_chunk" -> !thought(update.path("content"));
          case "tool_call", "tool_call_update" -> calls.update(update);
          case "current_mode_update" -> {
            remember(update);
            yield false;
          }
          default -> {
            remember(update);
            yield true;
          }
        };
    if (more) {
      asItCame(line);
    }
  }

  /** Takes an update of what was before: nothing of it is told. */
  void replayed(JsonNode update) {
    remember(update);
  }

  void asItCame(String line) {
    AgentMessage.Builder message =
        AgentMessage.newBuilder()
            .setProtocol("acp")
            .setJson(Texts.orEmpty(line.strip(), Texts.MOST_BYTES));
    listener.said(Event.newBuilder().setAgentMessage(message));
  }

  void error(String message) {
    AgentError.Builder error =
        AgentError.newBuilder().setMessage(Texts.cut(message, Texts.MOST_MESSAGE_BYTES));
    listener.said(Event.newBuilder().setAgentError(error));
  }

  /** What counts later, but is no event of its own: how full a context is, is not a use. */
  private void remember(JsonNode update) {
    switch (AcpJson.text(update, "sessionUpdate")) {
      case "usage_update" -> usage.updated(update);
      case "config_option_update" -> choices.read(update);
      case "current_mode_update" -> choices.modeBecame(AcpJson.text(update, "currentModeId"));
      case "session_info_update" -> {
        String status = AcpJson.text(update.at("/_meta/codex/threadStatus"), "type");
        if (!status.isEmpty()) {
          trouble = status.equals("systemError");
        }
      }
      default -> {}
    }
  }

  /** Whether a text only says which mode the agent is in; it is no part of an answer then. */
  private boolean saysMode(String text) {
    String mode = text.startsWith(MODE_TEXT) ? text.substring(MODE_TEXT.length()).strip() : "";
    if (!choices.offersMode(mode)) {
      return false;
    }
    choices.modeBecame(mode);
    return true;
  }

  private boolean text(JsonNode content) {
    if (saysMode(AcpJson.text(content, "text"))) {
      return false;
    }
    if (trouble && AcpJson.text(content, "type").equals("text")) {
      words = Texts.cut(words + AcpJson.text(content, "text"), Texts.MOST_MESSAGE_BYTES);
      error(AcpJson.text(content, "text").strip());
      return true;
    }
    // One event never grows with what one message holds.
    Texts.pieces(
        AcpJson.text(content, "text"),
        Texts.MOST_BYTES,
        piece ->
            listener.said(Event.newBuilder().setAgentText(AgentText.newBuilder().setText(piece))));
    return AcpJson.text(content, "type").equals("text");
  }

  private boolean thought(JsonNode content) {
    Texts.pieces(
        AcpJson.text(content, "text"),
        Texts.MOST_BYTES,
        piece ->
            listener.said(
                Event.newBuilder().setAgentThought(AgentThought.newBuilder().setText(piece))));
    return AcpJson.text(content, "type").equals("text");
  }
}

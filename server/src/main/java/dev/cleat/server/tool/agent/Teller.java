package dev.cleat.server.tool.agent;

import dev.cleat.v1.AgentError;
import dev.cleat.v1.AgentMessage;
import dev.cleat.v1.AgentText;
import dev.cleat.v1.AgentThought;
import dev.cleat.v1.Event;
import dev.cleat.v1.ToolCall;
import dev.cleat.v1.ToolResult;
import dev.cleat.v1.Usage;
import dev.cleat.v1.UsageReported;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells a listener what an agent said, within the contract's bounds: text in pieces, the rest cut
 * off or left out.
 */
final class Teller {
  private final AgentListener listener;
  private @Nullable String token;
  private @Nullable String lastError;

  Teller(AgentListener listener) {
    this.listener = listener;
  }

  void text(String text) {
    Texts.pieces(
        text,
        Texts.MOST_BYTES,
        piece -> say(Event.newBuilder().setAgentText(AgentText.newBuilder().setText(piece))));
  }

  void thought(String text) {
    Texts.pieces(
        text,
        Texts.MOST_BYTES,
        piece -> say(Event.newBuilder().setAgentThought(AgentThought.newBuilder().setText(piece))));
  }

  /** Tells of a call; its input is left out if it is too long. */
  void call(ToolCall.Builder call) {
    Set<String> paths = Texts.paths(call.getPathsList());
    say(
        Event.newBuilder()
            .setToolCall(
                call.setCallId(Texts.id(call.getCallId()))
                    .setName(Texts.cut(call.getName(), Texts.MOST_LINE_BYTES))
                    .setTitle(Texts.cut(call.getTitle(), Texts.MOST_LINE_BYTES))
                    .setInputJson(Texts.orEmpty(call.getInputJson(), Texts.MOST_BYTES))
                    .clearPaths()
                    .addAllPaths(paths)));
  }

  void result(String callId, boolean failed, String text) {
    say(
        Event.newBuilder()
            .setToolResult(
                ToolResult.newBuilder()
                    .setCallId(Texts.id(callId))
                    .setFailed(failed)
                    .setText(Texts.cut(text, Texts.MOST_BYTES))));
  }

  /** Tells of usage, unless there was none. */
  void usage(Usage usage) {
    if (!usage.equals(Usage.getDefaultInstance())) {
      say(Event.newBuilder().setUsageReported(UsageReported.newBuilder().setUsage(usage)));
    }
  }

  /**
   * Tells of an error, unless it is the one told last: tools like to say it once more at the end.
   */
  void error(String message) {
    String start = Texts.cut(message, Texts.MOST_MESSAGE_BYTES);
    if (!start.equals(lastError)) {
      lastError = start;
      say(Event.newBuilder().setAgentError(AgentError.newBuilder().setMessage(start)));
    }
  }

  void message(String protocol, String json) {
    say(
        Event.newBuilder()
            .setAgentMessage(
                AgentMessage.newBuilder()
                    .setProtocol(protocol)
                    .setJson(Texts.orEmpty(json, Texts.MOST_BYTES))));
  }

  /** Tells the name of the tool's own session, if it is one that was not told before. */
  void resumable(String newToken) {
    if (newToken.isEmpty() || newToken.equals(token)) {
      return;
    }
    token = newToken;
    if (OwnSession.isUsable(newToken)) {
      listener.resumable(newToken);
    } else {
      error(OwnSession.TROUBLE);
    }
  }

  private void say(Event.Builder event) {
    listener.said(event);
  }
}

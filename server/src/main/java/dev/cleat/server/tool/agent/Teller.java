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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells a listener what an agent said, within the contract's bounds: text in pieces, the rest cut
 * off or left out.
 */
final class Teller {
  private static final int TEXT_BYTES = 64 * 1024;
  private static final int ERROR_BYTES = 8 * 1024;

  private final AgentListener listener;
  private @Nullable String token;
  private @Nullable String lastError;

  Teller(AgentListener listener) {
    this.listener = listener;
  }

  void text(String text) {
    inPieces(
        text, piece -> say(Event.newBuilder().setAgentText(AgentText.newBuilder().setText(piece))));
  }

  void thought(String text) {
    inPieces(
        text,
        piece -> say(Event.newBuilder().setAgentThought(AgentThought.newBuilder().setText(piece))));
  }

  /** Tells of a call; its input is left out if it is too long. */
  void call(ToolCall.Builder call) {
    if (longerThan(call.getInputJson(), TEXT_BYTES)) {
      call.clearInputJson();
    }
    say(Event.newBuilder().setToolCall(call));
  }

  void result(String callId, boolean failed, String text) {
    say(
        Event.newBuilder()
            .setToolResult(
                ToolResult.newBuilder()
                    .setCallId(callId)
                    .setFailed(failed)
                    .setText(text.substring(0, pieceEnd(text, 0, TEXT_BYTES)))));
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
    if (!message.equals(lastError)) {
      lastError = message;
      String start = message.substring(0, pieceEnd(message, 0, ERROR_BYTES));
      say(Event.newBuilder().setAgentError(AgentError.newBuilder().setMessage(start)));
    }
  }

  void message(String protocol, String json) {
    say(
        Event.newBuilder()
            .setAgentMessage(
                AgentMessage.newBuilder()
                    .setProtocol(protocol)
                    .setJson(longerThan(json, TEXT_BYTES) ? "" : json)));
  }

  /** Tells the name of the tool's own session, if it is one that was not told before. */
  void resumable(String newToken) {
    if (!newToken.isEmpty() && !newToken.equals(token)) {
      token = newToken;
      if (OwnSession.isUsable(newToken)) {
        listener.resumable(newToken);
      } else {
        error(OwnSession.TROUBLE);
      }
    }
  }

  private void say(Event.Builder event) {
    listener.said(event);
  }

  private static void inPieces(String text, Consumer<String> piece) {
    for (int from = 0; from < text.length(); ) {
      int end = pieceEnd(text, from, TEXT_BYTES);
      piece.accept(text.substring(from, end));
      from = end;
    }
  }

  private static boolean longerThan(String text, int bytes) {
    return pieceEnd(text, 0, bytes) < text.length();
  }

  /** Where a piece ends that starts at an index: whole characters, and so many bytes at most. */
  private static int pieceEnd(String text, int from, int bytes) {
    int left = bytes;
    int index = from;
    while (index < text.length()) {
      int character = text.codePointAt(index);
      left -= character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
      if (left < 0) {
        break;
      }
      index += Character.charCount(character);
    }
    return index;
  }
}

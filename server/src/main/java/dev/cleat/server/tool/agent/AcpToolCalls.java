package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.Event;
import dev.cleat.v1.ToolResult;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells each tool call once and with its input, and its result once.
 *
 * <p>Agents announce a call as soon as the model begins to write it, and send its input a little
 * later. So a call is held back until its input is there, or until something shows that none will
 * come: it runs, has content, has ended, or the agent asks about it.
 */
final class AcpToolCalls {
  /** How many calls are remembered: more than any agent has under way. */
  private static final int MOST_CALLS = 1_000;

  private final AgentListener listener;
  private final Map<String, AcpToolCall> calls = new LinkedHashMap<>();

  AcpToolCalls(AgentListener listener) {
    this.listener = listener;
  }

  /**
   * Takes a {@code tool_call} or {@code tool_call_update}.
   *
   * @return whether there was something in it that the events told do not have
   */
  boolean update(JsonNode update) {
    String id = Texts.id(AcpJson.text(update, "toolCallId"));
    AcpToolCall call = calls.get(id);
    if (id.isEmpty() || (call == null && !announces(update)) || (call != null && call.ended())) {
      return true;
    }
    if (call == null) {
      call = add(id);
    }
    boolean toldBefore = call.told();
    call.merge(update);
    String status = AcpJson.text(update, "status");
    boolean ends = status.equals("completed") || status.equals("failed");
    boolean more = AcpJson.says(update.path("content")) || AcpJson.says(update.path("rawOutput"));
    if (ends || more || status.equals("in_progress") || call.hasInput()) {
      tell(call);
    }
    if (!ends) {
      return toldBefore || more;
    }
    ToolResult.Builder result =
        ToolResult.newBuilder()
            .setCallId(id)
            .setFailed(status.equals("failed"))
            .setText(call.result(update));
    call.end();
    listener.said(Event.newBuilder().setToolResult(result));
    return AcpToolCall.hasMoreThanText(update.path("content"));
  }

  /**
   * The agent asks about a call.
   *
   * @param toolCall what it says of the call
   * @return all that is known of the call; it stays unannounced when the agent did not announce it
   */
  AcpToolCall asked(JsonNode toolCall) {
    String id = Texts.id(AcpJson.text(toolCall, "toolCallId"));
    AcpToolCall call = calls.get(id);
    if (call == null || call.ended()) {
      AcpToolCall unknown = new AcpToolCall(id);
      unknown.merge(toolCall);
      return unknown;
    }
    call.merge(toolCall);
    tell(call);
    return call;
  }

  /** Tells what is held back: nothing more will come. */
  void flush() {
    for (AcpToolCall call : calls.values()) {
      tell(call);
    }
  }

  /** An update of a call that was never announced announces it only when it says what it is. */
  private static boolean announces(JsonNode update) {
    return AcpJson.text(update, "sessionUpdate").equals("tool_call")
        || AcpJson.says(update.path("title"))
        || AcpJson.says(update.path("kind"))
        || AcpJson.says(update.path("rawInput"));
  }

  private AcpToolCall add(String id) {
    if (calls.size() >= MOST_CALLS) {
      Iterator<AcpToolCall> eldest = calls.values().iterator();
      tell(eldest.next());
      eldest.remove();
    }
    AcpToolCall call = new AcpToolCall(id);
    calls.put(id, call);
    return call;
  }

  private void tell(AcpToolCall call) {
    if (!call.told()) {
      listener.said(Event.newBuilder().setToolCall(call.tell()));
    }
  }
}

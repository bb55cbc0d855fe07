package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.firstOf;
import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.v1.ToolCall;

/** Reads the items of Codex that are uses of a tool. */
final class CodexCall {
  private CodexCall() {}

  static boolean is(JsonNode item) {
    return switch (text(item, "type")) {
      case "command_execution", "file_change", "mcp_tool_call", "web_search" -> true;
      default -> false;
    };
  }

  /** What is called, without the name of the call. */
  static ToolCall.Builder read(JsonNode item) {
    String type = text(item, "type");
    return switch (type) {
      case "command_execution" -> ToolInput.call("", type, field(item, "command"));
      case "web_search" -> ToolInput.call("", type, field(item, "query"));
      case "mcp_tool_call" ->
          ToolInput.call(
              "", text(item, "server") + "." + text(item, "tool"), item.path("arguments"));
      default -> fileChange(type, item);
    };
  }

  static boolean failed(JsonNode item) {
    String status = text(item, "status");
    return item.path("exit_code").asInt() != 0
        || status.equals("failed")
        || status.equals("declined");
  }

  /** What a completed item returned, as text. */
  static String result(JsonNode item) {
    return firstOf(
        text(item, "aggregated_output"),
        Fields.content(item.path("result").path("content")),
        text(item.path("error"), "message"));
  }

  private static ToolCall.Builder fileChange(String type, JsonNode item) {
    ToolCall.Builder call = ToolInput.call("", type, field(item, "changes"));
    call.addAllPaths(Texts.paths(Fields.texts(item.path("changes"), "path")));
    return call.setTitle(Fields.oneLine(type + " " + String.join(", ", call.getPathsList())));
  }

  private static ObjectNode field(JsonNode item, String name) {
    ObjectNode input = JsonNodeFactory.instance.objectNode();
    JsonNode value = item.get(name);
    if (value != null) {
      input.set(name, value);
    }
    return input;
  }
}

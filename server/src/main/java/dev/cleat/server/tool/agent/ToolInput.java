package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.ToolCall;
import java.util.List;

/** Reads the input of a tool call, by the names that agents give its fields. */
final class ToolInput {
  private static final List<String> PATHS =
      List.of("file_path", "filePath", "path", "notebook_path");
  private static final List<String> SUBJECTS =
      List.of("pattern", "query", "url", "description", "prompt");

  private ToolInput() {}

  /** A call with everything that its input tells. */
  static ToolCall.Builder call(String callId, String name, JsonNode input) {
    return ToolCall.newBuilder()
        .setCallId(callId)
        .setName(name)
        .setTitle(title(name, input))
        .setInputJson(input.isObject() ? input.toString() : "")
        .addAllPaths(Fields.all(input, PATHS));
  }

  /** A command is its own title; what else there is follows the name of the tool. */
  private static String title(String name, JsonNode input) {
    String command = Fields.text(input, "command");
    if (!command.isBlank()) {
      return Fields.oneLine(command);
    }
    String subject = Fields.firstOf(Fields.firstOf(input, PATHS), Fields.firstOf(input, SUBJECTS));
    return Fields.oneLine((name + " " + subject).strip());
  }
}

package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.count;
import static dev.cleat.server.tool.agent.Fields.firstOf;
import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;

/**
 * The JSON of {@code gemini --output-format stream-json}: {@code init}, {@code message}, {@code
 * tool_use}, {@code tool_result}, {@code error} and {@code result}.
 */
final class GeminiDialect implements Dialect {
  private final Teller teller;
  private String session = "";
  private Outcome outcome = CUT_SHORT;

  GeminiDialect(Teller teller) {
    this.teller = teller;
  }

  @Override
  public String protocol() {
    return "gemini";
  }

  @Override
  public boolean read(JsonNode object) {
    switch (text(object, "type")) {
      // It does not keep a session whose first turn has failed.
      case "init" -> session = text(object, "session_id");
      case "message" -> {
        // The user's is the prompt again.
        if (text(object, "role").equals("assistant")) {
          teller.text(text(object, "content"));
        }
      }
      case "tool_use" ->
          teller.call(
              ToolInput.call(
                  text(object, "tool_id"), text(object, "tool_name"), object.path("parameters")));
      case "tool_result" ->
          teller.result(
              text(object, "tool_id"),
              !text(object, "status").equals("success"),
              firstOf(text(object, "output"), text(object.path("error"), "message")));
      case "error" -> teller.error(message(object));
      case "result" -> result(object);
      default -> {
        return false;
      }
    }
    return true;
  }

  @Override
  public Outcome end() {
    return outcome;
  }

  private void result(JsonNode object) {
    JsonNode stats = object.path("stats");
    teller.usage(
        Usage.newBuilder()
            .setInputTokens(count(stats, "input_tokens"))
            .setCachedInputTokens(count(stats, "cached"))
            .setOutputTokens(count(stats, "output_tokens"))
            .build());
    if (text(object, "status").equals("success")) {
      teller.resumable(session);
      outcome = Outcome.SUCCEEDED;
      return;
    }
    String message = message(object.path("error"));
    teller.error(message);
    outcome = new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, message);
  }

  private static String message(JsonNode error) {
    return firstOf(text(error, "message"), "gemini reported an error without a message");
  }
}

package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.count;
import static dev.cleat.server.tool.agent.Fields.firstOf;
import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;

/**
 * Claude Code's stream of JSON: {@code system}, {@code assistant}, {@code user}, {@code result},
 * and {@code stream_event} where it was asked for partial messages.
 */
final class ClaudeDialect implements Dialect {
  private final Teller teller;
  private final ClaudePartials partials;
  private Outcome outcome = CUT_SHORT;

  ClaudeDialect(Teller teller) {
    this.teller = teller;
    this.partials = new ClaudePartials(teller);
  }

  @Override
  public String protocol() {
    return "claude";
  }

  @Override
  public boolean read(JsonNode object) {
    teller.resumable(text(object, "session_id"));
    boolean ofSubagent = !text(object, "parent_tool_use_id").isEmpty();
    return switch (text(object, "type")) {
      case "system" -> text(object, "subtype").equals("init");
      case "assistant" -> assistant(object, ofSubagent);
      case "user" -> user(object.path("message").path("content"));
      case "stream_event" -> {
        if (!ofSubagent) {
          partials.read(object.path("event"));
        }
        yield true;
      }
      case "result" -> {
        result(object);
        yield true;
      }
      default -> false;
    };
  }

  @Override
  public Outcome end() {
    return outcome;
  }

  private boolean assistant(JsonNode object, boolean ofSubagent) {
    // Its own words about its API, put into the mouth of the model.
    boolean isError = !text(object, "error").isEmpty();
    boolean known = true;
    for (JsonNode block : object.path("message").path("content")) {
      String type = text(block, "type");
      if (type.equals("tool_use")) {
        teller.call(ToolInput.call(text(block, "id"), text(block, "name"), block.path("input")));
      } else if (ofSubagent) {
        // What it says is said to the agent, not to its user.
        known = false;
      } else if (type.equals("text") && isError) {
        teller.error(text(block, "text"));
      } else if (type.equals("text")) {
        teller.text(partials.untoldText(text(block, "text")));
      } else if (type.equals("thinking")) {
        teller.thought(partials.untoldThought(text(block, "thinking")));
      } else {
        known = false;
      }
    }
    return known;
  }

  private boolean user(JsonNode content) {
    boolean known = content.isArray();
    for (JsonNode block : content) {
      if (text(block, "type").equals("tool_result")) {
        teller.result(
            text(block, "tool_use_id"),
            block.path("is_error").asBoolean(),
            Fields.content(block.path("content")));
      } else {
        known = false;
      }
    }
    return known;
  }

  private void result(JsonNode object) {
    JsonNode usage = object.path("usage");
    long cached = count(usage, "cache_read_input_tokens");
    teller.usage(
        Usage.newBuilder()
            .setInputTokens(
                count(usage, "input_tokens") + cached + count(usage, "cache_creation_input_tokens"))
            .setCachedInputTokens(cached)
            .setOutputTokens(count(usage, "output_tokens"))
            .setCostUsd(object.path("total_cost_usd").asDouble())
            .build());
    outcome = outcome(object);
    if (outcome.reason() == TurnEndReason.TURN_END_REASON_AGENT_ERROR) {
      teller.error(outcome.message());
    }
  }

  private static Outcome outcome(JsonNode result) {
    String subtype = text(result, "subtype");
    String stop = text(result, "stop_reason");
    String message = firstOf(text(result, "result"), errors(result), subtype);
    if (subtype.startsWith("error_max_")) {
      return new Outcome(TurnEndReason.TURN_END_REASON_LIMIT, message);
    } else if (stop.equals("refusal")) {
      return new Outcome(TurnEndReason.TURN_END_REASON_REFUSED, message);
    } else if (result.path("is_error").asBoolean() || !subtype.equals("success")) {
      return new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, message);
    } else if (stop.equals("max_tokens")) {
      return new Outcome(
          TurnEndReason.TURN_END_REASON_LIMIT, "the answer was cut off at the model's limit");
    }
    return Outcome.SUCCEEDED;
  }

  private static String errors(JsonNode result) {
    StringBuilder errors = new StringBuilder();
    for (JsonNode error : result.path("errors")) {
      errors.append(errors.isEmpty() ? "" : "; ").append(error.asText());
    }
    return errors.toString();
  }
}

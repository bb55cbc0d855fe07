package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.count;
import static dev.cleat.server.tool.agent.Fields.firstOf;
import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.ToolCall;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;

/**
 * The JSON of {@code opencode run}: the parts of a message, each when it is complete. A turn has
 * one step or more, and ends with the last one's {@code step_finish}.
 */
final class OpenCodeDialect implements Dialect {
  private final Teller teller;
  private Usage used = Usage.getDefaultInstance();
  private Outcome outcome = CUT_SHORT;
  private boolean failed;
  // What the last call of the step said when it failed. Empty when it did not.
  private String callError = "";

  OpenCodeDialect(Teller teller) {
    this.teller = teller;
  }

  @Override
  public String protocol() {
    return "opencode";
  }

  @Override
  public boolean read(JsonNode object) {
    teller.resumable(text(object, "sessionID"));
    JsonNode part = object.path("part");
    switch (text(object, "type")) {
      case "step_start" -> {
        callError = "";
        ended(CUT_SHORT);
      }
      case "text" -> teller.text(text(part, "text"));
      case "reasoning" -> teller.thought(text(part, "text"));
      case "tool_use", "tool" -> {
        return tool(part);
      }
      case "step_finish" -> {
        usage(part);
        ended(outcome(text(part, "reason")));
      }
      case "error" -> error(object.path("error"));
      default -> {
        return false;
      }
    }
    return true;
  }

  @Override
  public Outcome end() {
    // Once, as the others do, and not after each step.
    teller.usage(used);
    return outcome;
  }

  private boolean tool(JsonNode part) {
    JsonNode state = part.path("state");
    boolean error = text(state, "status").equals("error");
    if (!error && !text(state, "status").equals("completed")) {
      return false;
    }
    String callId = firstOf(text(part, "callID"), text(part, "id"));
    ToolCall.Builder call = ToolInput.call(callId, text(part, "tool"), state.path("input"));
    teller.call(call);
    callError = error ? text(state, "error") : "";
    // A command that failed is "completed", and its exit code is only in what is about it.
    boolean nonZero = state.path("metadata").path("exit").asInt() != 0;
    teller.result(callId, error || nonZero, firstOf(text(state, "output"), text(state, "error")));
    return true;
  }

  private void usage(JsonNode part) {
    JsonNode tokens = part.path("tokens");
    long cached = count(tokens.path("cache"), "read");
    used =
        Usage.newBuilder()
            .setInputTokens(
                used.getInputTokens()
                    + count(tokens, "input")
                    + cached
                    + count(tokens.path("cache"), "write"))
            .setCachedInputTokens(used.getCachedInputTokens() + cached)
            .setOutputTokens(
                used.getOutputTokens() + count(tokens, "output") + count(tokens, "reasoning"))
            .setCostUsd(used.getCostUsd() + part.path("cost").asDouble())
            .build();
  }

  private void error(JsonNode error) {
    String message =
        firstOf(
            text(error.path("data"), "message"),
            text(error, "message"),
            text(error, "name"),
            "opencode reported an error without a message");
    teller.error(message);
    ended(new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, message));
    failed = true;
  }

  /** An error is final: the tool tells the parts that are still open, and exits with it. */
  private void ended(Outcome newOutcome) {
    if (!failed) {
      outcome = newOutcome;
    }
  }

  private Outcome outcome(String reason) {
    return switch (reason) {
      case "length" ->
          new Outcome(
              TurnEndReason.TURN_END_REASON_LIMIT, "the answer was cut off at the model's limit");
      case "content-filter" ->
          new Outcome(
              TurnEndReason.TURN_END_REASON_REFUSED, "the model's API held back the answer");
      // There would be another step, but for a call that was not permitted.
      case "tool-calls" ->
          callError.isEmpty()
              ? CUT_SHORT
              : new Outcome(TurnEndReason.TURN_END_REASON_REFUSED, callError);
      default -> Outcome.SUCCEEDED;
    };
  }
}

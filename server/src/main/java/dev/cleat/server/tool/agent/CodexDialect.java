package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.count;
import static dev.cleat.server.tool.agent.Fields.firstOf;
import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;
import java.util.HashSet;
import java.util.Set;

/** The JSON of {@code codex exec}: {@code thread}, {@code turn} and {@code item} events. */
final class CodexDialect implements Dialect {
  private final Teller teller;
  private final String callSuffix;
  private final Set<String> called = new HashSet<>();
  private Outcome outcome = CUT_SHORT;

  /**
   * @param callSuffix makes the names of calls new in the session
   */
  CodexDialect(Teller teller, String callSuffix) {
    this.teller = teller;
    this.callSuffix = callSuffix;
  }

  @Override
  public String protocol() {
    return "codex";
  }

  @Override
  public boolean read(JsonNode object) {
    JsonNode item = object.path("item");
    switch (text(object, "type")) {
      case "thread.started" -> teller.resumable(text(object, "thread_id"));
      case "turn.started" -> {}
      case "item.started" -> {
        return started(item);
      }
      case "item.completed" -> {
        return completed(item);
      }
      case "turn.completed" -> {
        usage(object.path("usage"));
        outcome = Outcome.SUCCEEDED;
      }
      case "turn.failed" -> failed(message(object.path("error")));
      // The turn may recover from it: a connection that is made again says so with an error.
      case "error" -> failed(message(object));
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

  private boolean started(JsonNode item) {
    if (CodexCall.is(item)) {
      call(item);
      return true;
    }
    return false;
  }

  private boolean completed(JsonNode item) {
    switch (text(item, "type")) {
      case "agent_message" -> teller.text(text(item, "text"));
      case "reasoning" -> teller.thought(text(item, "text"));
      case "error" -> teller.error(message(item));
      default -> {
        if (!CodexCall.is(item)) {
          return false;
        }
        call(item);
        teller.result(callId(item), CodexCall.failed(item), CodexCall.result(item));
      }
    }
    return true;
  }

  private void call(JsonNode item) {
    if (called.add(callId(item))) {
      teller.call(CodexCall.read(item).setCallId(callId(item)));
    }
  }

  private String callId(JsonNode item) {
    // As it is told: they are remembered, too.
    return Texts.id(text(item, "id") + callSuffix);
  }

  private void failed(String message) {
    teller.error(message);
    outcome = new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, message);
  }

  /** The message of an error; what the model's API answered is JSON inside it. */
  private static String message(JsonNode error) {
    return firstOf(text(error, "message"), "codex reported an error without a message");
  }

  private void usage(JsonNode usage) {
    teller.usage(
        Usage.newBuilder()
            .setInputTokens(count(usage, "input_tokens"))
            .setCachedInputTokens(count(usage, "cached_input_tokens"))
            .setOutputTokens(count(usage, "output_tokens"))
            .build());
  }
}

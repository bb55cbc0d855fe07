package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The answer to a request.
 *
 * @param failed whether it is an error
 * @param result what came; missing when it failed
 * @param code of the error
 * @param message what the error says, for a person
 */
record RpcReply(boolean failed, JsonNode result, int code, String message) {
  static RpcReply of(JsonNode answer) {
    JsonNode error = answer.path("error");
    if (!AcpJson.says(error)) {
      return new RpcReply(false, answer.path("result"), 0, "");
    }
    return new RpcReply(true, answer.path("result"), error.path("code").intValue(), words(error));
  }

  /** Agents often say only "Internal error" in the message, and what happened in the data. */
  private static String words(JsonNode error) {
    String message = AcpJson.text(error, "message");
    JsonNode data = error.path("data");
    String details = data.isTextual() ? data.textValue() : AcpJson.text(data, "details");
    if (details.isEmpty()) {
      details = AcpJson.text(data, "message");
    }
    if (message.isEmpty()) {
      message = "error " + error.path("code").intValue();
    }
    boolean adds = !details.isEmpty() && !message.contains(details);
    return Texts.cut(adds ? message + ": " + details : message, Texts.MOST_MESSAGE_BYTES);
  }
}

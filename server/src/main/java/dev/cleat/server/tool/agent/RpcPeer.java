package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Our side of a JSON-RPC 2.0 connection whose messages are lines. Not safe for use by several
 * threads.
 */
final class RpcPeer {
  static final int METHOD_NOT_FOUND = -32601;

  /** What the other side sends of its own accord. The line is the whole message as it came. */
  interface Handler {
    void request(JsonNode id, String method, JsonNode params, String line);

    void notified(String method, JsonNode params, String line);

    /** A message that is neither, and answers nothing that was asked. */
    void stray(String line);

    /** What came is no message; nothing is told after this. */
    void broken(String message);
  }

  private final Consumer<byte[]> out;
  private final Handler handler;
  private final JsonLines lines;
  private final Map<Long, Consumer<RpcReply>> asked = new HashMap<>();
  private long lastId;
  private boolean closed;

  RpcPeer(Consumer<byte[]> out, Handler handler) {
    this.out = out;
    this.handler = handler;
    this.lines =
        new JsonLines(
            AcpJson.LONGEST_LINE,
            this::line,
            () -> {
              if (!closed) {
                handler.broken("The agent sent a message of more than 32 MiB.");
              }
            });
  }

  void feed(byte[] bytes, int from, int count) {
    lines.feed(bytes, from, count);
  }

  /** Hears and says nothing from now on. */
  void close() {
    closed = true;
    asked.clear();
  }

  void request(String method, ObjectNode params, Consumer<RpcReply> then) {
    long id = ++lastId;
    asked.put(id, then);
    ObjectNode message = message();
    message.put("id", id).put("method", method).set("params", params);
    send(message);
  }

  void notify(String method, ObjectNode params) {
    ObjectNode message = message();
    message.put("method", method).set("params", params);
    send(message);
  }

  void result(JsonNode id, ObjectNode result) {
    ObjectNode message = message();
    message.set("id", id);
    message.set("result", result);
    send(message);
  }

  void error(JsonNode id, int code, String words) {
    ObjectNode message = message();
    message.set("id", id);
    message.putObject("error").put("code", code).put("message", words);
    send(message);
  }

  private static ObjectNode message() {
    return AcpJson.object().put("jsonrpc", "2.0");
  }

  private void send(ObjectNode message) {
    if (!closed) {
      out.accept((AcpJson.write(message) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private void line(String line) {
    if (closed) {
      return;
    }
    JsonNode message;
    try {
      message = AcpJson.read(line);
    } catch (JsonProcessingException e) {
      handler.broken(notMessage(line));
      return;
    }
    if (!message.isObject()) {
      handler.broken(notMessage(line));
      return;
    }
    JsonNode id = message.path("id");
    String method = AcpJson.text(message, "method");
    if (!method.isEmpty()) {
      if (id.isMissingNode()) {
        handler.notified(method, message.path("params"), line);
      } else {
        handler.request(id, method, message.path("params"), line);
      }
      return;
    }
    Consumer<RpcReply> then = id.isIntegralNumber() ? asked.remove(id.longValue()) : null;
    if (then == null) {
      handler.stray(line);
    } else {
      then.accept(RpcReply.of(message));
    }
  }

  private static String notMessage(String line) {
    return "The agent printed something that is no message of the Agent Client Protocol: "
        + Texts.cut(line.strip(), 500);
  }
}

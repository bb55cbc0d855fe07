package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The client's side of the Agent Client Protocol, over a process's pipes. For one thread. */
final class AcpAgent implements AutoCloseable {
  private final AgentProcess process;
  private final List<JsonNode> updates = new ArrayList<>();
  private final List<JsonNode> permissions = new ArrayList<>();
  private Function<JsonNode, String> decision = request -> "allow_once";
  private int lastId;

  private AcpAgent(AgentProcess process) {
    this.process = process;
  }

  static AcpAgent start(ProcessBuilder command) throws IOException {
    return new AcpAgent(AgentProcess.start(command));
  }

  /** Which kind of option it chooses when it is asked for permission; allow_once by default. */
  AcpAgent decide(Function<JsonNode, String> kind) {
    decision = kind;
    return this;
  }

  /** What the agent can do. */
  JsonNode initialize() throws Exception {
    return call(
        "initialize",
        Map.of(
            "protocolVersion",
            1,
            "clientCapabilities",
            Map.of("fs", Map.of("readTextFile", false, "writeTextFile", false), "terminal", false),
            "clientInfo",
            Map.of("name", "cleat-e2e", "version", "1")));
  }

  /** A new session in this folder. */
  JsonNode newSession(AgentHome home) throws Exception {
    return call("session/new", Map.of("cwd", home.work().toString(), "mcpServers", List.of()));
  }

  /** An earlier session, which the agent tells again in updates. */
  JsonNode loadSession(AgentHome home, String sessionId) throws Exception {
    return call(
        "session/load",
        Map.of("sessionId", sessionId, "cwd", home.work().toString(), "mcpServers", List.of()));
  }

  /** Another model from the next turn on, by the option for it or, as Gemini CLI wants, without. */
  JsonNode setModel(Agent agent, String sessionId) throws Exception {
    String model = agent.acpModel();
    if (agent == Agent.GEMINI) {
      return call("session/set_model", Map.of("sessionId", sessionId, "modelId", model));
    }
    return call(
        "session/set_config_option",
        Map.of("sessionId", sessionId, "configId", "model", "value", model));
  }

  /** A turn; returns when it is over. */
  JsonNode prompt(String sessionId, String text) throws Exception {
    return prompt(sessionId, List.of(Map.of("type", "text", "text", text)));
  }

  JsonNode prompt(String sessionId, List<Map<String, ?>> content) throws Exception {
    return call("session/prompt", Map.of("sessionId", sessionId, "prompt", content));
  }

  /** Calls a method and returns its result; takes all that comes before that. */
  JsonNode call(String method, Map<String, ?> params) throws Exception {
    lastId++;
    send(Map.of("jsonrpc", "2.0", "id", lastId, "method", method, "params", params));
    while (true) {
      JsonNode message = next();
      if (message.has("method")) {
        take(message);
      } else if (message.path("id").asInt() == lastId) {
        if (message.has("error")) {
          throw new AcpError(method, message.path("error"), process.errors());
        }
        return message.path("result");
      }
    }
  }

  private void take(JsonNode message) throws IOException {
    switch (message.path("method").asText()) {
      case "session/update" -> updates.add(message.path("params").path("update"));
      case "session/request_permission" -> {
        JsonNode request = message.path("params");
        permissions.add(request);
        send(
            Map.of(
                "jsonrpc",
                "2.0",
                "id",
                message.path("id"),
                "result",
                Map.of("outcome", Map.of("outcome", "selected", "optionId", choice(request)))));
      }
      default -> {
        if (message.has("id")) {
          send(
              Map.of(
                  "jsonrpc",
                  "2.0",
                  "id",
                  message.path("id"),
                  "error",
                  Map.of("code", -32601, "message", "not known here")));
        }
      }
    }
  }

  private String choice(JsonNode request) {
    String kind = decision.apply(request);
    for (JsonNode option : request.path("options")) {
      if (option.path("kind").asText().equals(kind)) {
        return option.path("optionId").asText();
      }
    }
    throw new AssertionError("no option is of the kind " + kind + ": " + request);
  }

  private JsonNode next() throws InterruptedException {
    Optional<String> line = process.nextLine();
    if (line.isEmpty()) {
      throw new AssertionError("it has ended; its errors: " + process.errors());
    }
    return Json.read(line.get());
  }

  private void send(Map<String, ?> message) throws IOException {
    process.say(Json.write(message));
  }

  /** All updates so far. */
  List<JsonNode> updates() {
    return List.copyOf(updates);
  }

  /** The text of all updates of this kind so far. */
  String text(String kind) {
    StringBuilder text = new StringBuilder();
    for (JsonNode update : updates) {
      if (update.path("sessionUpdate").asText().equals(kind)) {
        text.append(update.path("content").path("text").asText());
      }
    }
    return text.toString();
  }

  /** What it asked permission for so far. */
  List<JsonNode> permissions() {
    return List.copyOf(permissions);
  }

  @Override
  public void close() {
    process.close();
  }

  /** The agent's answer was an error. */
  static final class AcpError extends Exception {
    AcpError(String method, JsonNode error, String errors) {
      super(method + ": " + error + "\n" + errors);
    }
  }
}

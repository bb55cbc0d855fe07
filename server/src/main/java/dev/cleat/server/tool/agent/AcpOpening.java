package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The first words with an agent: who it is, what it can do, and which session it goes on with. */
final class AcpOpening {
  private static final int VERSION = 1;
  private static final int AUTH_REQUIRED = -32000;
  private static final int MOST_WAYS = 20;
  private static final int MOST_WAY_BYTES = 200;

  /** Hears how it went; one of the two, once. */
  interface Then {
    void opened(String sessionId, JsonNode session);

    void failed(String message);
  }

  private final AcpAgent.Start start;
  private final RpcPeer peer;
  private final Then then;
  private JsonNode agent = AcpJson.object();
  private boolean replaying;

  AcpOpening(AcpAgent.Start start, RpcPeer peer, Then then) {
    this.start = start;
    this.peer = peer;
    this.then = then;
  }

  void begin() {
    ObjectNode params = AcpJson.object().put("protocolVersion", VERSION);
    ObjectNode can = params.putObject("clientCapabilities");
    can.putObject("fs").put("readTextFile", false).put("writeTextFile", false);
    can.put("terminal", false);
    params
        .putObject("clientInfo")
        .put("name", "cleat")
        .put("title", "Cleat")
        .put(
            "version",
            Objects.requireNonNullElse(
                AcpOpening.class.getPackage().getImplementationVersion(), "0"));
    peer.request("initialize", params, this::initialized);
  }

  boolean takesImages() {
    return capabilities().path("promptCapabilities").path("image").booleanValue();
  }

  /** Whether the agent is telling what was said before, in another process. */
  boolean replaying() {
    return replaying;
  }

  private JsonNode capabilities() {
    return agent.path("agentCapabilities");
  }

  private void initialized(RpcReply reply) {
    if (reply.failed()) {
      then.failed("The agent did not begin: " + reply.message());
      return;
    }
    agent = reply.result();
    JsonNode version = agent.path("protocolVersion");
    if (version.intValue() != VERSION) {
      then.failed(
          "The agent speaks version "
              + Texts.cut(version.asText("?"), 100)
              + " of the Agent Client Protocol, and Cleat speaks version "
              + VERSION
              + ".");
      return;
    }
    if (!start.role().isEmpty()
        && !capabilities().path("sessionCapabilities").path("systemPrompt").isObject()) {
      then.failed("The agent cannot be told a role: it takes no systemPrompt.");
      return;
    }
    String token = start.resumeToken();
    if (token.isEmpty()) {
      peer.request("session/new", params(), this::made);
    } else if (capabilities().path("sessionCapabilities").path("resume").isObject()) {
      // Better than to load it, which tells the whole conversation again.
      peer.request("session/resume", params().put("sessionId", token), this::resumed);
    } else if (capabilities().path("loadSession").booleanValue()) {
      replaying = true;
      peer.request("session/load", params().put("sessionId", token), this::resumed);
    } else {
      then.failed(
          "The agent cannot go on with a session of before: it can neither resume nor load.");
    }
  }

  private ObjectNode params() {
    ObjectNode params = AcpJson.object().put("cwd", start.workdir().toString());
    params.putArray("mcpServers");
    if (!start.role().isEmpty()) {
      params
          .putObject("systemPrompt")
          .put("mode", "append")
          .putArray("content")
          .addObject()
          .put("type", "text")
          .put("text", "Your role: " + start.role());
    }
    return params;
  }

  private void made(RpcReply reply) {
    String sessionId = AcpJson.text(reply.result(), "sessionId");
    if (reply.failed()) {
      then.failed(words("The agent did not make a session: ", reply));
    } else if (sessionId.isEmpty()) {
      then.failed("The agent made a session and did not name it.");
    } else {
      then.opened(sessionId, reply.result());
    }
  }

  private void resumed(RpcReply reply) {
    replaying = false;
    if (reply.failed()) {
      then.failed(
          words("The agent cannot go on with its session " + start.resumeToken() + ": ", reply));
    } else {
      then.opened(start.resumeToken(), reply.result());
    }
  }

  private String words(String what, RpcReply reply) {
    if (reply.code() != AUTH_REQUIRED) {
      return what + reply.message();
    }
    List<String> ways = new ArrayList<>();
    for (String way : Fields.texts(agent.path("authMethods"), "name")) {
      if (ways.size() < MOST_WAYS) {
        ways.add(Texts.cut(way, MOST_WAY_BYTES));
      }
    }
    return "The agent needs to be logged in: "
        + reply.message()
        + (ways.isEmpty() ? "" : ". It offers: " + String.join(", ", ways));
  }
}

package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;
import dev.cleat.v1.Event;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The other side of an {@link AcpAgent}: what it was sent, and what it told, in one list of words
 * in their order.
 */
final class ScriptedAcp implements AcpListener {
  static final String CAN_RESUME =
      """
      {"loadSession":true,"promptCapabilities":{"image":true},"sessionCapabilities":{"resume":{}}}\
      """;

  final List<String> told = new ArrayList<>();
  final List<Event> events = new ArrayList<>();
  final List<Approval> asked = new ArrayList<>();
  final List<AgentModes> modes = new ArrayList<>();
  final List<Outcome> outcomes = new ArrayList<>();
  final AcpAgent agent;
  Runnable onReady = () -> {};
  Consumer<String> onAsked = id -> {};
  private final List<JsonNode> sent = new ArrayList<>();

  ScriptedAcp() {
    this("", "");
  }

  ScriptedAcp(String resumeToken, String model) {
    this(resumeToken, model, "");
  }

  ScriptedAcp(String resumeToken, String model, String role) {
    agent =
        new AcpAgent(
            new AcpAgent.Start(Path.of("/work"), resumeToken, model, role),
            bytes -> sent.add(line(bytes)),
            this);
    agent.start();
  }

  /** One whose session is there. */
  static ScriptedAcp withSession() {
    return withSession("{}");
  }

  /** One whose session is there, with more fields in what it answered to session/new. */
  static ScriptedAcp withSession(String session) {
    ScriptedAcp acp = new ScriptedAcp();
    acp.initialize(CAN_RESUME);
    acp.answer(
        "session/new",
        "{\"sessionId\":\"s1\"" + (session.equals("{}") ? "}" : "," + session.substring(1)));
    acp.told.clear();
    return acp;
  }

  /** One that was given a prompt. */
  static ScriptedAcp prompted() {
    ScriptedAcp acp = withSession();
    acp.agent.prompt("hello", List.of(), "", "");
    return acp;
  }

  void initialize(String capabilities) {
    answer("initialize", "{\"protocolVersion\":1,\"agentCapabilities\":" + capabilities + "}");
  }

  /** Answers the last request, which must be of this method. */
  void answer(String method, String result) {
    say("{\"jsonrpc\":\"2.0\",\"id\":" + asked(method) + ",\"result\":" + result + "}");
  }

  void refuse(String method, String error) {
    say("{\"jsonrpc\":\"2.0\",\"id\":" + asked(method) + ",\"error\":" + error + "}");
  }

  private JsonNode asked(String method) {
    JsonNode last = last();
    assertThat(last.path("method").textValue()).isEqualTo(method);
    return last.path("id");
  }

  void update(String update) {
    say(
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s1\",\"update\":"
            + update
            + "}}");
  }

  void permission(int id, String toolCall) {
    say(
        """
        {"jsonrpc":"2.0","id":%d,"method":"session/request_permission","params":{"sessionId":"s1","toolCall":%s,"options":[\
        {"optionId":"a","name":"Allow","kind":"allow_once"},{"optionId":"b","name":"Always","kind":"allow_always"},\
        {"optionId":"c","name":"No","kind":"reject_once"},{"optionId":"d","name":"Never","kind":"reject_always"},\
        {"optionId":"e","name":"Hm","kind":"new_kind"}]}}\
        """
            .formatted(id, toolCall));
  }

  void say(String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    agent.feed(bytes, 0, bytes.length);
  }

  /** The last message that the agent was sent. */
  JsonNode last() {
    return sent.getLast();
  }

  /** The methods of all requests and notifications that the agent was sent. */
  List<String> methods() {
    return sent.stream().map(m -> m.path("method").asText("")).filter(m -> !m.isEmpty()).toList();
  }

  int sent() {
    return sent.size();
  }

  private static JsonNode line(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    assertThat(text).endsWith("\n");
    assertThat(text.strip()).doesNotContain("\n");
    try {
      return AcpJson.read(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void said(Event.Builder builder) {
    Event event = builder.build();
    events.add(event);
    told.add(
        switch (event.getKindCase()) {
          case AGENT_TEXT -> "text " + event.getAgentText().getText();
          case AGENT_THOUGHT -> "thought " + event.getAgentThought().getText();
          case TOOL_CALL ->
              "call %s %s '%s' %s %s"
                  .formatted(
                      event.getToolCall().getCallId(),
                      event.getToolCall().getName(),
                      event.getToolCall().getTitle(),
                      event.getToolCall().getInputJson(),
                      event.getToolCall().getPathsList());
          case TOOL_RESULT ->
              "result %s %s %s"
                  .formatted(
                      event.getToolResult().getCallId(),
                      event.getToolResult().getFailed() ? "failed" : "ok",
                      event.getToolResult().getText());
          case USAGE_REPORTED ->
              "usage %d(%d) %d %s"
                  .formatted(
                      event.getUsageReported().getUsage().getInputTokens(),
                      event.getUsageReported().getUsage().getCachedInputTokens(),
                      event.getUsageReported().getUsage().getOutputTokens(),
                      event.getUsageReported().getUsage().getCostUsd());
          case AGENT_ERROR -> "error " + event.getAgentError().getMessage();
          case AGENT_MESSAGE ->
              event.getAgentMessage().getProtocol() + " " + event.getAgentMessage().getJson();
          default -> throw new AssertionError(event);
        });
  }

  @Override
  public void resumable(String token) {
    told.add("token " + token);
  }

  @Override
  public void modes(AgentModes now, boolean byAgent) {
    modes.add(now);
    told.add(
        "modes %s%s of %s"
            .formatted(
                byAgent ? "by itself " : "",
                now.getCurrentId(),
                now.getAvailableList().stream().map(AgentMode::getId).toList()));
  }

  @Override
  public void ready() {
    assertThat(agent.isReady()).isTrue();
    told.add("ready");
    onReady.run();
  }

  @Override
  public void asked(Approval.Builder approval) {
    asked.add(approval.build());
    told.add("asked " + approval.getQuestion());
    onAsked.accept(approval.getId());
  }

  @Override
  public void ended(Outcome outcome) {
    assertThat(agent.isReady()).isTrue();
    outcomes.add(outcome);
    told.add("ended");
  }

  @Override
  public void broken(String message) {
    told.add("broken " + message);
  }
}

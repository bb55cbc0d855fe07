package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class AcpOpeningTest {
  @Test
  void newSessionIsMadeInTheWorkdirAndNamed() {
    ScriptedAcp acp = new ScriptedAcp();
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":\
            {"fs":{"readTextFile":false,"writeTextFile":false},"terminal":false},\
            "clientInfo":{"name":"cleat","title":"Cleat","version":"0"}}}\
            """);
    assertThat(acp.agent.takesImages()).isFalse();
    acp.initialize(ScriptedAcp.CAN_RESUME);
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":2,"method":"session/new","params":{"cwd":"/work","mcpServers":[]}}\
            """);
    assertThat(acp.agent.isReady()).isFalse();
    assertThatThrownBy(() -> acp.agent.prompt("early", List.of(), "", ""))
        .isInstanceOf(IllegalStateException.class);
    acp.answer("session/new", "{\"sessionId\":\"s1\"}");
    assertThat(acp.told).containsExactly("token s1", "ready");
    assertThat(acp.agent.isReady()).isTrue();
    assertThat(acp.agent.takesImages()).isTrue();
  }

  @Test
  void resumeIsPreferredToLoad() {
    ScriptedAcp acp = new ScriptedAcp("old", "");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    assertThat(acp.last().path("params"))
        .hasToString("{\"cwd\":\"/work\",\"mcpServers\":[],\"sessionId\":\"old\"}");
    acp.answer("session/resume", "{}");
    assertThat(acp.told).containsExactly("token old", "ready");
    acp.agent.prompt("go on", List.of(), "", "");
    assertThat(acp.last().path("params").path("sessionId").textValue()).isEqualTo("old");
  }

  @Test
  void replayOfALoadedSessionIsNotTold() {
    ScriptedAcp acp = new ScriptedAcp("s1", "");
    acp.initialize("{\"loadSession\":true}");
    acp.update(
        "{\"sessionUpdate\":\"user_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"q\"}}");
    acp.update(
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"a\"}}");
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"status\":\"completed\",\"title\":\"t\"}");
    acp.answer("session/load", "null");
    acp.update(
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"new\"}}");
    assertThat(acp.told).containsExactly("token s1", "ready", "text new");
  }

  @Test
  void tokenIsOfNoUseToAnAgentThatCanNeitherResumeNorLoad() {
    ScriptedAcp acp = new ScriptedAcp("old", "");
    acp.initialize("{}");
    assertThat(acp.told)
        .containsExactly(
            "broken The agent cannot go on with a session of before: it can neither resume nor"
                + " load.");
  }

  @Test
  void sessionThatIsGoneBreaks() {
    ScriptedAcp acp = new ScriptedAcp("old", "");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.refuse(
        "session/resume",
        "{\"code\":-32603,\"message\":\"Internal error\",\"data\":{\"details\":\"no rollout"
            + " found\"}}");
    assertThat(acp.told)
        .containsExactly(
            "broken The agent cannot go on with its session old: Internal error: no rollout found");
  }

  @Test
  void needOfLoginIsSaidWithTheWaysThereAre() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.answer(
        "initialize",
        """
        {"protocolVersion":1,"authMethods":[{"id":"api-key","name":"API Key"},{"id":"x","name":"ChatGPT"}]}\
        """);
    acp.refuse("session/new", "{\"code\":-32000,\"message\":\"Authentication required\"}");
    assertThat(acp.told)
        .containsExactly(
            "broken The agent needs to be logged in: Authentication required. It offers: API Key,"
                + " ChatGPT");
  }

  @Test
  void otherProtocolVersionBreaks() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.answer("initialize", "{\"protocolVersion\":2}");
    assertThat(acp.told)
        .containsExactly(
            "broken The agent speaks version 2 of the Agent Client Protocol, and Cleat speaks"
                + " version 1.");
  }

  @Test
  void failureToBeginBreaks() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.refuse("initialize", "{\"code\":-32603,\"message\":\"no\",\"data\":\"disk full\"}");
    assertThat(acp.told).containsExactly("broken The agent did not begin: no: disk full");
    ScriptedAcp nameless = new ScriptedAcp();
    nameless.initialize("{}");
    nameless.answer("session/new", "{}");
    assertThat(nameless.told)
        .containsExactly("broken The agent made a session and did not name it.");
  }

  @Test
  void nothingIsSaidOrSentAfterItBroke() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    int sent = acp.sent();
    acp.say("Segmentation fault");
    acp.update("{\"sessionUpdate\":\"plan\"}");
    acp.permission(7, "{}");
    acp.agent.cancel();
    assertThat(acp.told)
        .containsExactly(
            "broken The agent printed something that is no message of the Agent Client Protocol:"
                + " Segmentation fault");
    assertThat(acp.agent.isReady()).isFalse();
    assertThat(acp.sent()).isEqualTo(sent);
  }

  @Test
  void notAnObjectBreaksAndBlankLinesDoNot() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.say("");
    acp.say(" \r");
    assertThat(acp.told).isEmpty();
    acp.say("[1]");
    assertThat(acp.told)
        .containsExactly(
            "broken The agent printed something that is no message of the Agent Client Protocol:"
                + " [1]");
  }

  @Test
  void agentThatTakesASystemPromptIsToldItsRoleInNewAndInOldSessions() {
    String can = "{\"loadSession\":true,\"sessionCapabilities\":{\"systemPrompt\":{\"mode\":{}}}}";
    ScriptedAcp fresh = new ScriptedAcp("", "", "a \"critic\"");
    fresh.initialize(can);
    ScriptedAcp old = new ScriptedAcp("s7", "", "a \"critic\"");
    old.initialize(can);

    String prompt =
        """
        "systemPrompt":{"mode":"append","content":[{"type":"text","text":"Your role: a \\"critic\\""}]}\
        """;
    assertThat(fresh.last().toString()).contains("session/new", prompt);
    assertThat(old.last().toString()).contains("session/load", prompt);
  }

  @Test
  void agentThatTakesNoSystemPromptIsNotStartedWithoutItsRole() {
    ScriptedAcp acp = new ScriptedAcp("", "", "critic");
    acp.initialize("{}");
    assertThat(acp.told)
        .containsExactly("broken The agent cannot be told a role: it takes no systemPrompt.");
  }
}

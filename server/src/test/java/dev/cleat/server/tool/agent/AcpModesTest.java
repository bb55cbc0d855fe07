package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.TurnEndReason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcpModesTest {
  private static final String OPTIONS =
      """
      "configOptions":[{"id":"model","category":"model","currentValue":"m1","options":[{"value":"m1"}]},\
      {"id":"mode","category":"mode","type":"select","currentValue":"ask",\
      "options":[{"value":"ask"},{"name":"group","options":[{"value":"plan"}]}]}]\
      """;

  /** As OpenCode has it. */
  private static final String OPTION = "{" + OPTIONS + "}";

  /** As Gemini CLI has it. */
  private static final String LIST =
      """
      {"modes":{"currentModeId":"ask","availableModes":[\
      {"id":"ask","name":"Ask","description":"Asks first"},{"id":"plan"}]}}\
      """;

  /** As Claude Code and Codex have it. */
  private static final String BOTH = LIST.substring(0, LIST.length() - 1) + "," + OPTIONS + "}";

  private static final String SET =
      """
      {"configOptions":[{"id":"mode","category":"mode","currentValue":"plan"}]}\
      """;
  private static final String DONE = "{\"stopReason\":\"end_turn\"}";

  private static void prompt(ScriptedAcp acp, String mode) {
    acp.agent.prompt("hi", List.of(), "", mode);
  }

  @ParameterizedTest
  @ValueSource(strings = {OPTION, LIST})
  void modesAreToldBeforeTheAgentIsReady(String session) {
    ScriptedAcp acp = new ScriptedAcp("s1", "");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.answer("session/resume", session);
    assertThat(acp.told).containsExactly("token s1", "modes ask of [ask, plan]", "ready");
  }

  @Test
  void modeIsChangedByTheOptionBeforeThePromptIsSent() {
    ScriptedAcp acp = ScriptedAcp.withSession(BOTH);
    prompt(acp, "plan");
    assertThat(acp.last().path("params"))
        .hasToString("{\"sessionId\":\"s1\",\"configId\":\"mode\",\"value\":\"plan\"}");
    acp.answer("session/set_config_option", SET);
    acp.answer("session/prompt", DONE);
    prompt(acp, "plan");
    acp.answer("session/prompt", DONE);
    prompt(acp, "");
    acp.answer("session/prompt", DONE);
    assertThat(acp.told).containsExactly("modes plan of [ask, plan]", "ended", "ended", "ended");
  }

  @Test
  void modeIsChangedByTheListWhereThereIsNoOption() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    prompt(acp, "plan");
    assertThat(acp.last().path("params")).hasToString("{\"sessionId\":\"s1\",\"modeId\":\"plan\"}");
    acp.answer("session/set_mode", "{}");
    acp.answer("session/prompt", DONE);
    assertThat(acp.told).containsExactly("modes plan of [ask, plan]", "ended");
  }

  /** As Claude Code does it. */
  @Test
  void changeThatIsToldBeforeAndAfterItsAnswerIsNotOfTheAgentsOwn() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    String update = "{\"sessionUpdate\":\"current_mode_update\",\"currentModeId\":\"plan\"}";
    prompt(acp, "plan");
    String set = acp.last().path("id").toString();
    acp.update(update);
    acp.say("{\"jsonrpc\":\"2.0\",\"id\":" + set + ",\"result\":{}}");
    acp.update(update);
    assertThat(acp.told).containsExactly("modes plan of [ask, plan]");
  }

  @Test
  void modelIsChangedBeforeTheMode() {
    ScriptedAcp acp = ScriptedAcp.withSession(BOTH);
    acp.agent.prompt("hi", List.of(), "m2", "plan");
    acp.answer("session/set_config_option", "{}");
    assertThat(acp.last().path("params").path("value").textValue()).isEqualTo("plan");
    acp.answer("session/set_config_option", "{}");
    acp.answer("session/prompt", DONE);
  }

  @Test
  void promptIsNotSentInAModeThatTheAgentDoesNotHave() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    prompt(acp, "nope");
    assertThat(acp.methods()).containsExactly("initialize", "session/new");
    assertThat(acp.outcomes)
        .containsExactly(
            notSent("the agent has no mode 'nope'; set agent_mode to one of: ask, plan"));
    ScriptedAcp without = ScriptedAcp.withSession();
    prompt(without, "plan");
    assertThat(without.outcomes)
        .containsExactly(
            notSent("the agent has no modes, and cannot be in 'plan'; clear agent_mode"));
  }

  @Test
  void promptIsNotSentInAModeThatTheAgentRefuses() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    prompt(acp, "plan");
    acp.refuse("session/set_mode", "{\"code\":-32603,\"message\":\"Not for you\"}");
    assertThat(acp.outcomes)
        .containsExactly(notSent("the agent does not take the mode 'plan': Not for you"));
    assertThat(acp.told).containsExactly("ended");
  }

  @Test
  void promptCancelledWhileTheModeChangesIsNotSent() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    prompt(acp, "plan");
    acp.agent.cancel();
    acp.answer("session/set_mode", "{}");
    assertThat(acp.methods()).doesNotContain("session/prompt", "session/cancel");
    assertThat(acp.outcomes)
        .containsExactly(new Outcome(TurnEndReason.TURN_END_REASON_CANCELLED, ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"sessionUpdate\":\"current_mode_update\",\"currentModeId\":\"plan\"}",
        "{\"sessionUpdate\":\"config_option_update\",\"configOptions\":[{\"id\":\"mode\",\"currentValue\":\"plan\"}]}",
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"[MODE_UPDATE]"
            + " plan\"}}"
      })
  void modeThatTheAgentChangesItselfIsToldOnceAndIsNoText(String update) {
    ScriptedAcp acp = ScriptedAcp.withSession(BOTH);
    acp.update(update);
    acp.update(update);
    assertThat(acp.told)
        .filteredOn(told -> !told.startsWith("acp "))
        .containsExactly("modes by itself plan of [ask, plan]");
    prompt(acp, "plan");
    acp.answer("session/prompt", DONE);
    prompt(acp, "ask");
    acp.answer("session/set_config_option", "{}");
    acp.answer("session/prompt", DONE);
  }

  @Test
  void textThatOnlyLooksLikeAModeIsText() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    acp.update(
        """
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"[MODE_UPDATE] other"}}\
        """);
    assertThat(acp.told).containsExactly("text [MODE_UPDATE] other");
  }

  /** A group of values has no value of its own. */
  @ParameterizedTest
  @ValueSource(strings = {"hello", "[MODE_UPDATE] "})
  void answerOfAnAgentWhoseModesAreInGroupsIsText(String text) {
    ScriptedAcp acp = ScriptedAcp.withSession(OPTION);
    acp.update(
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\""
            + text
            + "\"}}");
    assertThat(acp.told).containsExactly("text " + text);
    prompt(acp, "ask");
    acp.answer("session/prompt", DONE);
  }

  @Test
  void modeThatCouldNotBeAskedForIsNotOffered() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.answer(
        "session/new",
        "{\"sessionId\":\"s1\","
            + LIST.substring(1).replace("\"plan\"", "\"" + "p".repeat(201) + "\""));
    assertThat(acp.told).containsExactly("token s1", "modes ask of [ask]", "ready");
  }

  private static Outcome notSent(String why) {
    return new Outcome(
        TurnEndReason.TURN_END_REASON_AGENT_ERROR, "The prompt was not sent, as " + why);
  }
}

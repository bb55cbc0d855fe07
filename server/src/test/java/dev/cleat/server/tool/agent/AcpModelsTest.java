package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.TurnEndReason;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcpModelsTest {
  /** As OpenCode and Claude Code have it. */
  private static final String OPTION =
      """
      {"configOptions":[{"id":"mode","category":"mode","type":"select","currentValue":"default"},\
      {"id":"model","category":"model","type":"select","currentValue":"x/m1",\
      "options":[{"value":"x/m1"},{"name":"group","options":[{"value":"x/m2"}]}]}]}\
      """;

  /** As Codex has it: both forms, with other names. */
  private static final String BOTH =
      """
      {"models":{"currentModelId":"m1[low]","availableModels":[{"modelId":"m1[low]"},{"modelId":"m2[high]"}]},\
      "configOptions":[{"id":"model","category":"model","currentValue":"m1","options":[{"value":"m1"},{"value":"m2"}]}]}\
      """;

  private static final String LIST =
      """
      {"models":{"currentModelId":"m1","availableModels":[{"modelId":"m1"}]}}\
      """;

  @Test
  void modelIsChangedBeforeThePromptIsSent() {
    ScriptedAcp acp = ScriptedAcp.withSession(OPTION);
    acp.agent.prompt("hi", List.of(), "x/m2", "");
    assertThat(acp.agent.isReady()).isFalse();
    assertThat(acp.last().path("params"))
        .hasToString("{\"sessionId\":\"s1\",\"configId\":\"model\",\"value\":\"x/m2\"}");
    acp.answer(
        "session/set_config_option", OPTION.replace("\"x/m1\",\"options", "\"x/m2\",\"options"));
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    acp.agent.prompt("again", List.of(), "x/m2", "");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    assertThat(acp.methods())
        .containsExactly(
            "initialize",
            "session/new",
            "session/set_config_option",
            "session/prompt",
            "session/prompt");
    assertThat(acp.outcomes).containsOnly(Outcome.SUCCEEDED);
  }

  @Test
  void modelIsChangedInTheFormThatKnowsIt() {
    ScriptedAcp acp = ScriptedAcp.withSession(BOTH);
    acp.agent.prompt("hi", List.of(), "m2[high]", "");
    assertThat(acp.last().path("params"))
        .hasToString("{\"sessionId\":\"s1\",\"modelId\":\"m2[high]\"}");
    acp.answer("session/set_model", "{}");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    acp.agent.prompt("hi", List.of(), "m1", "");
    acp.answer("session/set_config_option", "{}");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    acp.agent.prompt("hi", List.of(), "unlisted", "");
    acp.answer("session/set_config_option", "{}");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
  }

  @Test
  void listAloneIsUsedForAnyName() {
    ScriptedAcp acp = ScriptedAcp.withSession(LIST);
    acp.agent.prompt("hi", List.of(), "other", "");
    acp.answer("session/set_model", "{}");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
  }

  @Test
  void promptIsNotSentToAnotherModelThanWasAskedFor() {
    ScriptedAcp acp = ScriptedAcp.withSession(OPTION);
    acp.agent.prompt("hi", List.of(), "nope", "");
    acp.refuse("session/set_config_option", "{\"code\":-32602,\"message\":\"Invalid value\"}");
    assertThat(acp.methods()).doesNotContain("session/prompt");
    assertThat(acp.outcomes)
        .containsExactly(
            new Outcome(
                TurnEndReason.TURN_END_REASON_AGENT_ERROR,
                "The prompt was not sent, as the agent does not take the model 'nope': Invalid"
                    + " value"));
  }

  @Test
  void promptCancelledWhileTheModelChangesIsNotSent() {
    ScriptedAcp acp = ScriptedAcp.withSession(OPTION);
    acp.agent.prompt("hi", List.of(), "x/m2", "");
    acp.agent.cancel();
    acp.answer("session/set_config_option", "{}");
    assertThat(acp.methods()).doesNotContain("session/prompt", "session/cancel");
    assertThat(acp.outcomes)
        .containsExactly(new Outcome(TurnEndReason.TURN_END_REASON_CANCELLED, ""));
  }

  @Test
  void agentWithoutAChoiceSaysSoAndIsPrompted() {
    ScriptedAcp acp = ScriptedAcp.withSession();
    acp.agent.prompt("hi", List.of(), "m", "");
    assertThat(acp.told)
        .containsExactly(
            "error The agent offers no change of its model; it was not changed to 'm'.");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
  }

  @Test
  void modelToBeginWithIsSetBeforeItIsReady() {
    ScriptedAcp acp = new ScriptedAcp("s1", "x/m2");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.answer("session/resume", OPTION);
    assertThat(acp.told).containsExactly("token s1");
    acp.answer("session/set_config_option", "{}");
    assertThat(acp.told).containsExactly("token s1", "ready");
  }

  @Test
  void modelToBeginWithThatIsNotTakenBreaks() {
    ScriptedAcp acp = new ScriptedAcp("s1", "nope");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.answer("session/resume", OPTION);
    acp.refuse("session/set_config_option", "{\"code\":-32602,\"message\":\"Invalid value\"}");
    assertThat(acp.told)
        .containsExactly(
            "token s1", "broken The agent does not take the model 'nope': Invalid value");
  }

  @Test
  void modelThatTheAgentChangedItselfIsKnown() {
    ScriptedAcp acp = ScriptedAcp.withSession(OPTION);
    acp.update(
        """
        {"sessionUpdate":"config_option_update","configOptions":[{"id":"model","currentValue":"x/m2"}]}\
        """);
    acp.agent.prompt("hi", List.of(), "x/m2", "");
    assertThat(acp.methods()).doesNotContain("session/set_config_option");
  }
}

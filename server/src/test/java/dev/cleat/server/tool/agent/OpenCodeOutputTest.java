package dev.cleat.server.tool.agent;

import static dev.cleat.v1.Event.KindCase.AGENT_ERROR;
import static dev.cleat.v1.Event.KindCase.AGENT_MESSAGE;
import static dev.cleat.v1.Event.KindCase.AGENT_TEXT;
import static dev.cleat.v1.Event.KindCase.TOOL_CALL;
import static dev.cleat.v1.Event.KindCase.TOOL_RESULT;
import static dev.cleat.v1.Event.KindCase.USAGE_REPORTED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.ToolCall;
import dev.cleat.v1.ToolResult;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenCodeOutputTest {
  private static Heard hear(byte[] bytes) {
    return Heard.of(listener -> OutputForm.OPENCODE.reader(listener, null), bytes);
  }

  @Test
  void callAndResultAreReadTogether() {
    Heard heard = hear(Heard.sample("opencode-tool"));
    assertThat(heard.only(TOOL_CALL).getToolCall())
        .isEqualTo(
            ToolCall.newBuilder()
                .setCallId("call_1")
                .setName("bash")
                .setTitle("echo hi > file")
                .setInputJson(
                    "{\"command\":\"echo hi > file\",\"description\":\"Write hi to file\"}")
                .build());
    assertThat(heard.only(TOOL_RESULT).getToolResult())
        .isEqualTo(ToolResult.newBuilder().setCallId("call_1").setText("(no output)").build());
    assertThat(heard.tokens()).containsExactly("ses_decdfbec6ffeA2m9cmf4fNluPI");
  }

  @Test
  void usageOfStepsAddsUpAndIsToldOnce() {
    Heard heard = hear(Heard.sample("opencode-tool"));
    assertThat(heard.kinds())
        .containsExactly(AGENT_TEXT, TOOL_CALL, TOOL_RESULT, AGENT_TEXT, USAGE_REPORTED);
    assertThat(heard.of(USAGE_REPORTED))
        .extracting(event -> event.getUsageReported().getUsage())
        .containsExactly(
            Usage.newBuilder()
                .setInputTokens(262)
                .setCachedInputTokens(200)
                .setOutputTokens(14)
                .setCostUsd(0.000456)
                .build());
  }

  @Test
  void turnThatStopsAtACallThatIsNotPermittedIsRefused() {
    Heard heard = hear(Heard.sample("opencode-denied"));
    assertThat(heard.outcome())
        .isEqualTo(
            new Outcome(
                TurnEndReason.TURN_END_REASON_REFUSED,
                "The user rejected permission to use this specific tool call."));
    assertThat(heard.only(TOOL_RESULT).getToolResult().getFailed()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "stop,TURN_END_REASON_UNSPECIFIED",
    "other,TURN_END_REASON_UNSPECIFIED",
    "length,TURN_END_REASON_LIMIT",
    "content-filter,TURN_END_REASON_REFUSED",
    "tool-calls,TURN_END_REASON_AGENT_ERROR"
  })
  void lastStepIsTheOutcome(String stop, TurnEndReason reason) {
    String step = "{\"type\":\"step_finish\",\"part\":{\"reason\":\"" + stop + "\"}}";
    assertThat(hear(step.getBytes(UTF_8)).outcome().reason()).isEqualTo(reason);
  }

  @Test
  void stepThatDidNotFinishIsAnError() {
    String text =
        """
        {"type":"step_finish","part":{"reason":"stop"}}
        {"type":"step_start","part":{}}
        """;
    assertThat(hear(text.getBytes(UTF_8)).outcome()).isEqualTo(Dialect.CUT_SHORT);
  }

  @Test
  void callThatIsNotCompleteIsKept() {
    String text =
        """
        {"type":"tool_use","part":{"callID":"1","tool":"bash","state":{"status":"running"}}}
        """;
    assertThat(hear(text.getBytes(UTF_8)).kinds()).containsExactly(AGENT_MESSAGE);
  }

  @Test
  void errorIsFinal() {
    String text =
        """
        {"type":"error","error":{"name":"UnknownError"}}
        {"type":"step_finish","part":{"reason":"stop"}}
        """;
    Heard heard = hear(text.getBytes(UTF_8));
    assertThat(heard.outcome())
        .isEqualTo(new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, "UnknownError"));
    assertThat(heard.kinds()).containsExactly(AGENT_ERROR);
  }
}

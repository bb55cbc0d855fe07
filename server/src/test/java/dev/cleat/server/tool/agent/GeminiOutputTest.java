package dev.cleat.server.tool.agent;

import static dev.cleat.v1.Event.KindCase.AGENT_ERROR;
import static dev.cleat.v1.Event.KindCase.AGENT_MESSAGE;
import static dev.cleat.v1.Event.KindCase.TOOL_CALL;
import static dev.cleat.v1.Event.KindCase.TOOL_RESULT;
import static dev.cleat.v1.Event.KindCase.USAGE_REPORTED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.ToolCall;
import dev.cleat.v1.ToolResult;
import dev.cleat.v1.Usage;
import org.junit.jupiter.api.Test;

class GeminiOutputTest {
  private static final String CALL = "run_shell_command__run_shell_command_1795628057065_0";

  private static Heard hear(byte[] bytes) {
    return Heard.of(listener -> OutputForm.GEMINI.reader(listener, null), bytes);
  }

  @Test
  void callAndUsageAreReadFromWhatItPrinted() {
    Heard heard = hear(Heard.sample("gemini-tool"));
    assertThat(heard.only(TOOL_CALL).getToolCall())
        .isEqualTo(
            ToolCall.newBuilder()
                .setCallId(CALL)
                .setName("run_shell_command")
                .setTitle("echo hi > file")
                .setInputJson(
                    "{\"command\":\"echo hi > file\",\"description\":\"Write hi to file\"}")
                .build());
    assertThat(heard.only(TOOL_RESULT).getToolResult())
        .isEqualTo(ToolResult.newBuilder().setCallId(CALL).build());
    assertThat(heard.only(USAGE_REPORTED).getUsageReported().getUsage())
        .isEqualTo(
            Usage.newBuilder()
                .setInputTokens(262)
                .setCachedInputTokens(200)
                .setOutputTokens(14)
                .build());
    assertThat(heard.tokens()).containsExactly("ed2c4a39-bd12-42f2-944e-8d3ca600caea");
  }

  @Test
  void sessionWhoseTurnFailedCannotBeResumed() {
    assertThat(hear(Heard.sample("gemini-error")).tokens()).isEmpty();
  }

  @Test
  void failedCallSaysWhy() {
    String text =
        """
        {"type":"tool_result","tool_id":"1","status":"error","error":{"message":"not found"}}
        {"type":"error","severity":"warning","message":"loop detected"}
        {"type":"news"}
        """;
    Heard heard = hear(text.getBytes(UTF_8));
    assertThat(heard.kinds()).containsExactly(TOOL_RESULT, AGENT_ERROR, AGENT_MESSAGE);
    assertThat(heard.only(TOOL_RESULT).getToolResult())
        .isEqualTo(
            ToolResult.newBuilder().setCallId("1").setFailed(true).setText("not found").build());
    assertThat(heard.outcome()).isEqualTo(Dialect.CUT_SHORT);
  }
}

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

class CodexOutputTest {
  private static Heard hear(byte[] bytes) {
    return Heard.of(
        listener -> {
          Teller teller = new Teller(listener);
          return new JsonOutput(new CodexDialect(teller, "-t"), teller);
        },
        bytes);
  }

  private static Heard hear(String text) {
    return hear(text.getBytes(UTF_8));
  }

  @Test
  void commandUsageAndTokenAreRead() {
    Heard heard = hear(Heard.sample("codex-tool"));
    assertThat(heard.only(TOOL_CALL).getToolCall())
        .isEqualTo(
            ToolCall.newBuilder()
                .setCallId("item_2-t")
                .setName("command_execution")
                .setTitle("/bin/bash -lc 'echo hi > file'")
                .setInputJson("{\"command\":\"/bin/bash -lc 'echo hi > file'\"}")
                .build());
    assertThat(heard.only(TOOL_RESULT).getToolResult())
        .isEqualTo(ToolResult.newBuilder().setCallId("item_2-t").build());
    assertThat(heard.only(USAGE_REPORTED).getUsageReported().getUsage())
        .isEqualTo(
            Usage.newBuilder()
                .setInputTokens(262)
                .setCachedInputTokens(200)
                .setOutputTokens(14)
                .build());
    assertThat(heard.tokens()).containsExactly("01a2131f-8520-7ba0-8bf7-61e47d8b461d");
  }

  @Test
  void fileChangeNamesItsFiles() {
    ToolCall call = hear(Heard.sample("codex-patch")).only(TOOL_CALL).getToolCall();
    assertThat(call.getPathsList()).containsExactly("/home/user/project/other.txt");
    assertThat(call.getTitle()).isEqualTo("file_change /home/user/project/other.txt");
    assertThat(call.getInputJson())
        .isEqualTo("{\"changes\":[{\"path\":\"/home/user/project/other.txt\",\"kind\":\"add\"}]}");
  }

  @Test
  void usageOfAResumedThreadIsThatOfTheWholeThread() {
    Heard heard = hear(Heard.sample("codex-resumed"));
    assertThat(heard.tokens()).isEqualTo(hear(Heard.sample("codex-text")).tokens());
    assertThat(heard.only(USAGE_REPORTED).getUsageReported().getUsage().getInputTokens())
        .isEqualTo(2 * 131);
    assertThat(OutputForm.CODEX.countsWholeSession()).isTrue();
    assertThat(OutputForm.CLAUDE.countsWholeSession()).isFalse();
  }

  @Test
  void callThatDidNotStartIsToldWhenItIsComplete() {
    Heard heard =
        hear(
            """
            {"type":"item.completed","item":{"id":"item_1","type":"web_search","query":"cleats"}}
            {"type":"item.completed","item":{"id":"item_2","type":"mcp_tool_call","server":"s",\
            "tool":"t","arguments":{"a":1},"result":{"content":[{"type":"text","text":"ok"}]},\
            "status":"completed"}}
            {"type":"item.completed","item":{"id":"item_3","type":"mcp_tool_call","server":"s",\
            "tool":"t","arguments":{},"error":{"message":"no"},"result":null,"status":"failed"}}
            """);
    assertThat(heard.of(TOOL_CALL))
        .extracting(event -> event.getToolCall().getTitle())
        .containsExactly("web_search cleats", "s.t", "s.t");
    assertThat(heard.of(TOOL_RESULT))
        .extracting(event -> event.getToolResult().getText())
        .containsExactly("", "ok", "no");
    assertThat(heard.of(TOOL_RESULT))
        .extracting(event -> event.getToolResult().getFailed())
        .containsExactly(false, false, true);
  }

  @Test
  void namesOfCallsAreNewInEachTurn() {
    byte[] bytes = Heard.sample("codex-tool");
    Heard first = Heard.of(listener -> OutputForm.CODEX.reader(listener, null), bytes);
    Heard second = Heard.of(listener -> OutputForm.CODEX.reader(listener, null), bytes);
    assertThat(first.only(TOOL_CALL).getToolCall().getCallId())
        .isNotEqualTo(second.only(TOOL_CALL).getToolCall().getCallId());
  }

  @Test
  void turnMayRecoverFromAnError() {
    Heard heard =
        hear(
            """
            {"type":"error","message":"Reconnecting... 1/5"}
            {"type":"turn.completed","usage":{"input_tokens":1}}
            """);
    assertThat(heard.kinds()).containsExactly(AGENT_ERROR, USAGE_REPORTED);
    assertThat(heard.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void itemsOfOtherKindsAreKept() {
    Heard heard =
        hear(
            """
            {"type":"item.started","item":{"id":"item_1","type":"todo_list","items":[]}}
            {"type":"item.updated","item":{"id":"item_1","type":"todo_list","items":[]}}
            {"type":"item.completed","item":{"id":"item_1","type":"todo_list","items":[]}}
            """);
    assertThat(heard.kinds()).containsExactly(AGENT_MESSAGE, AGENT_MESSAGE, AGENT_MESSAGE);
  }
}

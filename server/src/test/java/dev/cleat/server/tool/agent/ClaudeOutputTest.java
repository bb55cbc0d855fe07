package dev.cleat.server.tool.agent;

import static dev.cleat.v1.Event.KindCase.AGENT_ERROR;
import static dev.cleat.v1.Event.KindCase.AGENT_MESSAGE;
import static dev.cleat.v1.Event.KindCase.AGENT_TEXT;
import static dev.cleat.v1.Event.KindCase.TOOL_CALL;
import static dev.cleat.v1.Event.KindCase.TOOL_RESULT;
import static dev.cleat.v1.Event.KindCase.USAGE_REPORTED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Event;
import dev.cleat.v1.ToolCall;
import dev.cleat.v1.ToolResult;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClaudeOutputTest {
  private static Heard hear(byte[] bytes) {
    return Heard.of(listener -> OutputForm.CLAUDE.reader(listener, null), bytes);
  }

  private static Heard hear(String text) {
    return hear(text.getBytes(UTF_8));
  }

  @Test
  void callResultUsageAndTokenAreRead() {
    Heard heard = hear(Heard.sample("claude-tool"));
    assertThat(heard.only(TOOL_CALL).getToolCall())
        .isEqualTo(
            ToolCall.newBuilder()
                .setCallId("toolu_01A")
                .setName("Bash")
                .setTitle("echo hi > file")
                .setInputJson(
                    "{\"command\":\"echo hi > file\",\"description\":\"Write hi to file\"}")
                .build());
    assertThat(heard.only(TOOL_RESULT).getToolResult())
        .isEqualTo(
            ToolResult.newBuilder()
                .setCallId("toolu_01A")
                .setText("(Bash completed with no output)")
                .build());
    assertThat(heard.only(USAGE_REPORTED).getUsageReported().getUsage())
        .isEqualTo(
            Usage.newBuilder()
                .setInputTokens(262)
                .setCachedInputTokens(200)
                .setOutputTokens(14)
                .setCostUsd(0.0008100000000000001)
                .build());
    assertThat(heard.tokens()).containsExactly("7d25e8c3-b62c-48c0-ae9d-c4f03634ce12");
  }

  @Test
  void partialMessagesAreToldAsTheyComeAndNotTwice() {
    Heard heard = hear(Heard.sample("claude-partial"));
    assertThat(heard.text()).isEqualTo("I will write the file.The file is written.");
    assertThat(heard.of(AGENT_TEXT))
        .first()
        .extracting(event -> event.getAgentText().getText())
        .isEqualTo("I ");
    assertThat(heard.of(AGENT_MESSAGE))
        .allSatisfy(event -> assertThat(event.getAgentMessage().getJson()).contains("\"system\""));
  }

  @Test
  void tooManyRoundsAreALimit() {
    Heard heard = hear(Heard.sample("claude-limit"));
    assertThat(heard.outcome())
        .isEqualTo(
            new Outcome(
                TurnEndReason.TURN_END_REASON_LIMIT, "Reached maximum number of turns (1)"));
    assertThat(heard.kinds()).containsExactly(AGENT_TEXT, TOOL_CALL, TOOL_RESULT, USAGE_REPORTED);
  }

  @Test
  void sessionThatIsNotThereIsAnError() {
    Heard heard = hear(Heard.sample("claude-no-session"));
    assertThat(heard.outcome())
        .isEqualTo(
            new Outcome(
                TurnEndReason.TURN_END_REASON_AGENT_ERROR,
                "No conversation found with session ID: 00000000-0000-4000-8000-000000000000"));
    assertThat(heard.kinds()).containsExactly(AGENT_ERROR);
  }

  @ParameterizedTest
  @CsvSource({
    "success,false,end_turn,TURN_END_REASON_UNSPECIFIED",
    "success,false,max_tokens,TURN_END_REASON_LIMIT",
    "success,false,refusal,TURN_END_REASON_REFUSED",
    "success,true,refusal,TURN_END_REASON_REFUSED",
    "success,true,end_turn,TURN_END_REASON_AGENT_ERROR",
    "error_max_turns,true,tool_use,TURN_END_REASON_LIMIT",
    "error_max_budget_usd,true,tool_use,TURN_END_REASON_LIMIT",
    "error_during_execution,true,,TURN_END_REASON_AGENT_ERROR",
    "error_of_a_new_kind,false,,TURN_END_REASON_AGENT_ERROR",
    ",false,,TURN_END_REASON_AGENT_ERROR"
  })
  void resultIsTheOutcome(String subtype, boolean error, String stop, TurnEndReason reason) {
    Heard heard =
        hear(
            """
            {"type":"result","subtype":"%s","is_error":%s,"stop_reason":"%s"}
            """
                .formatted(subtype, error, stop));
    assertThat(heard.outcome().reason()).isEqualTo(reason);
  }

  @Test
  void pathsAreReadAndTitleTheCall() {
    Event event =
        hear("""
        {"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"Edit",\
        "input":{"file_path":"/a/B.java","old_string":"x"}}]}}
        """)
            .only(TOOL_CALL);
    assertThat(event.getToolCall().getPathsList()).containsExactly("/a/B.java");
    assertThat(event.getToolCall().getTitle()).isEqualTo("Edit /a/B.java");
  }

  @Test
  void blocksOfAResultAreLinesOfItsText() {
    Event event =
        hear("""
        {"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"1",\
        "content":[{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}]}]}}
        """)
            .only(TOOL_RESULT);
    assertThat(event.getToolResult().getText()).isEqualTo("a\nb");
  }

  @Test
  void whatASubagentSaysIsKeptAndWhatItDoesIsACall() {
    Heard heard =
        hear(
            """
            {"type":"assistant","parent_tool_use_id":"1","message":{"content":[\
            {"type":"tool_use","id":"2","name":"Grep","input":{"pattern":"x"}},\
            {"type":"text","text":"to the agent"}]}}
            {"type":"user","message":{"content":"a prompt"}}
            """);
    assertThat(heard.kinds()).containsExactly(TOOL_CALL, AGENT_MESSAGE, AGENT_MESSAGE);
  }
}

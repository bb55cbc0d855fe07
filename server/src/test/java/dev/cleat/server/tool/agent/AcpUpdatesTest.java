package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcpUpdatesTest {
  private final ScriptedAcp acp = ScriptedAcp.prompted();

  private static String kept(String update) {
    return "acp {\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s1\",\"update\":"
        + update
        + "}}";
  }

  private static String chunk(String kind, String text) {
    return "{\"sessionUpdate\":\"%s\",\"content\":{\"type\":\"text\",\"text\":\"%s\"}}"
        .formatted(kind, text);
  }

  @Test
  void textAndThoughtsAreToldAsTheyCome() {
    acp.update(chunk("agent_thought_chunk", "hm"));
    acp.update(chunk("agent_message_chunk", "Hel"));
    acp.update(chunk("agent_message_chunk", "lo"));
    assertThat(acp.told).containsExactly("thought hm", "text Hel", "text lo");
  }

  @Test
  void errorToldAsTextAfterASystemErrorIsOne() {
    acp.update(chunk("agent_message_chunk", "Hm."));
    acp.update(threadStatus("systemError"));
    acp.update(chunk("agent_message_chunk", "too busy\\n"));
    assertThat(acp.told).first().isEqualTo("text Hm.");
    assertThat(acp.events.getLast().getAgentError().getMessage()).isEqualTo("too busy");
  }

  @Test
  void systemErrorThatIsOverIsNone() {
    acp.update(threadStatus("systemError"));
    acp.update(threadStatus("active"));
    acp.update(chunk("agent_message_chunk", "On."));
    assertThat(acp.told).last().isEqualTo("text On.");
  }

  private static String threadStatus(String type) {
    return "{\"sessionUpdate\":\"session_info_update\",\"_meta\":{\"codex\":{\"threadStatus\":{\"type\":\""
        + type
        + "\"}}}}";
  }

  @Test
  void longTextIsToldInPieces() {
    String text = "ä€😀".repeat(20_000);
    acp.update(chunk("agent_message_chunk", text));
    assertThat(acp.events)
        .hasSize(3)
        .allSatisfy(e ->
            assertThat(e.getAgentText().getText().getBytes(StandardCharsets.UTF_8))
                .hasSizeBetween(1, 64 * 1024));
    assertThat(acp.events)
        .extracting(e -> e.getAgentText().getText())
        .satisfies(pieces -> assertThat(String.join("", pieces)).isEqualTo(text));
  }

  @Test
  void halfOfACharacterIsReplaced() {
    acp.update(chunk("agent_message_chunk", "a\\ud83d"));
    assertThat(acp.told).containsExactly("text a\uFFFD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"x\",\"n\":1.0}]}",
        "{\"sessionUpdate\":\"of_tomorrow\",\"x\":{}}",
        "{\"sessionUpdate\":\"session_info_update\",\"title\":\"T\"}",
        "{\"sessionUpdate\":\"usage_update\",\"used\":1,\"size\":2}",
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"image\",\"data\":\"AA==\"}}",
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"unheard of\",\"_meta\":{}}",
        "{\"sessionUpdate\":\"tool_call\"}",
        "{}",
        "7",
      })
  void everythingElseIsKeptAsItCame(String update) {
    acp.update(update);
    assertThat(acp.told).containsExactly(kept(update));
  }

  @Test
  void whatIsTooLongToKeepIsToldWithoutItself() {
    acp.update("{\"sessionUpdate\":\"plan\",\"x\":\"" + "y".repeat(64 * 1024) + "\"}");
    assertThat(acp.told).containsExactly("acp ");
  }

  @Test
  void callIsToldOnceItsInputIsThere() {
    acp.update(
        """
        {"sessionUpdate":"tool_call","toolCallId":"c","title":"Terminal","kind":"execute","status":"pending",\
        "rawInput":{},"content":[],"_meta":{"claudeCode":{"toolName":"Bash"}}}\
        """);
    assertThat(acp.told).isEmpty();
    acp.update(
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","title":"ls","rawInput":{"command":"ls","n":1.50},\
        "locations":[{"path":"/a"},{"path":"/b","line":3},{"path":"/a"}]}\
        """);
    assertThat(acp.told)
        .containsExactly("call c Bash 'ls' {\"command\":\"ls\",\"n\":1.50} [/a, /b]");
    acp.update(
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","status":"completed",\
        "content":[{"type":"content","content":{"type":"text","text":"a"}},{"type":"content","content":{"type":"text","text":"b"}}],\
        "rawOutput":"ignored"}\
        """);
    assertThat(acp.told).hasSize(2).last().isEqualTo("result c ok a\nb");
  }

  @Test
  void directoryAloneIsNoInputYet() {
    acp.update(
        """
        {"sessionUpdate":"tool_call","toolCallId":"c","title":"bash","kind":"execute","status":"pending","rawInput":{"cwd":"/w"}}\
        """);
    acp.update(
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","title":"ls","status":"in_progress","rawInput":{"command":"ls","cwd":"/w"}}\
        """);
    assertThat(acp.told)
        .containsExactly("call c execute 'ls' {\"command\":\"ls\",\"cwd\":\"/w\"} []");
  }

  @Test
  void callWithoutInputIsToldWhenItRuns() {
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"title\":\"now\",\"status\":\"pending\"}");
    acp.update(
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"c\",\"status\":\"in_progress\"}");
    assertThat(acp.told).containsExactly("call c other 'now'  []");
  }

  @Test
  void callThatIsHeldBackIsToldBeforeTheTurnEnds() {
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"title\":\"t\",\"kind\":\"read\"}");
    acp.answer("session/prompt", "{\"stopReason\":\"cancelled\"}");
    assertThat(acp.told).containsExactly("call c read 't'  []", "ended");
  }

  @Test
  void callThatBeginsWithItsEndIsBoth() {
    acp.update(
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","title":"t","kind":"fetch","status":"failed","rawOutput":{"exit":1}}\
        """);
    assertThat(acp.told).containsExactly("call c fetch 't'  []", "result c failed {\"exit\":1}");
  }

  @Test
  void whatARunningCallPrintsIsKeptAndIsItsResultWhenNothingElseIs() {
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"title\":\"t\",\"rawInput\":{\"a\":1}}");
    String content =
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","content":[{"type":"content","content":{"type":"text","text":"out"}}]}\
        """;
    acp.update(content);
    acp.update(
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"c\",\"status\":\"completed\"}");
    assertThat(acp.told)
        .containsExactly("call c other 't' {\"a\":1} []", kept(content), "result c ok out");
  }

  @Test
  void whatACommandPrintedInPiecesIsItsResult() {
    acp.update(
        """
        {"sessionUpdate":"tool_call","toolCallId":"c","name":"exec_command","title":"t","status":"in_progress","rawInput":{"a":1}}\
        """);
    for (String data : new String[] {"hi\\n", "ho\\n"}) {
      acp.update(
          """
          {"sessionUpdate":"tool_call_update","toolCallId":"c","_meta":{"terminal_output_delta":{"data":"%s","terminal_id":"c"}}}\
          """
              .formatted(data));
    }
    acp.update(
        """
        {"sessionUpdate":"tool_call_update","toolCallId":"c","status":"completed","_meta":{"terminal_exit":{"exit_code":0}}}\
        """);
    assertThat(acp.told)
        .hasSize(4)
        .startsWith("call c exec_command 't' {\"a\":1} []")
        .endsWith("result c ok hi\nho\n");
  }

  @Test
  void differenceMadeToAFileIsKeptBesideTheResult() {
    String diff =
        """
        {"sessionUpdate":"tool_call","toolCallId":"c","title":"edit","status":"completed","rawInput":{"a":1},\
        "content":[{"type":"diff","path":"/a","oldText":"x","newText":"y"}],"rawOutput":"done"}\
        """;
    acp.update(diff);
    assertThat(acp.told)
        .containsExactly("call c other 'edit' {\"a\":1} []", "result c ok done", kept(diff));
  }

  @Test
  void resultIsToldOnce() {
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"title\":\"t\",\"status\":\"completed\"}");
    String again =
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"c\",\"status\":\"completed\"}";
    acp.update(again);
    String late =
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"c\",\"_meta\":{\"x\":1}}";
    acp.update(late);
    assertThat(acp.told)
        .containsExactly("call c other 't'  []", "result c ok ", kept(again), kept(late));
  }

  @Test
  void longInputIsLeftOutAndLongResultIsCut() {
    String big = "€".repeat(30_000);
    acp.update(
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c\",\"title\":\"t\",\"rawInput\":{\"x\":\""
            + big
            + "\"}}");
    acp.update(
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"c\",\"status\":\"completed\",\"rawOutput\":\""
            + big
            + "\"}");
    assertThat(acp.told)
        .containsExactly("call c other 't'  []", "result c ok " + "€".repeat(64 * 1024 / 3));
  }

  @Test
  void callsWithoutEndDoNotPileUpAndNoneIsLost() {
    for (int i = 0; i < 1_500; i++) {
      acp.update(
          "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c%d\",\"title\":\"t\"}".formatted(i));
    }
    assertThat(acp.told).hasSize(500).first().isEqualTo("call c0 other 't'  []");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    assertThat(acp.told).hasSize(1_501);
  }
}

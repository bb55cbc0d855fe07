package dev.cleat.server.tool.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import dev.cleat.v1.Image;
import dev.cleat.v1.TurnEndReason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcpAgentTest {
  private static final String CALL =
      """
      {"toolCallId":"c1","title":"rm -r x","kind":"execute","rawInput":{"command":"rm -r x"},\
      "_meta":{"claudeCode":{"toolName":"Bash"}}}\
      """;

  @Test
  void promptHasItsTextAndItsImages() {
    ScriptedAcp acp = ScriptedAcp.withSession();
    Image image =
        Image.newBuilder()
            .setMimeType("image/png")
            .setData(ByteString.copyFrom(new byte[] {1, 2, 3}))
            .build();
    acp.agent.prompt("line 1\nline 2 ü", List.of(image), "", "");
    assertThat(acp.agent.isReady()).isFalse();
    assertThat(acp.last().path("params"))
        .hasToString(
            """
            {"sessionId":"s1","prompt":[{"type":"text","text":"line 1\\nline 2 ü"},\
            {"type":"image","mimeType":"image/png","data":"AQID"}]}\
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "end_turn,TURN_END_REASON_UNSPECIFIED",
    "max_tokens,TURN_END_REASON_LIMIT",
    "max_turn_requests,TURN_END_REASON_LIMIT",
    "refusal,TURN_END_REASON_REFUSED",
    "cancelled,TURN_END_REASON_CANCELLED",
    "_of_tomorrow,TURN_END_REASON_AGENT_ERROR"
  })
  void stopReasonIsTheOutcome(String stopReason, TurnEndReason reason) {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.answer("session/prompt", "{\"stopReason\":\"" + stopReason + "\"}");
    assertThat(acp.outcomes).extracting(Outcome::reason).containsExactly(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"code\":-32603,\"message\":\"Internal error\",\"data\":{\"details\":\"429 slow down\"}}",
        "{\"code\":-32603,\"message\":\"Internal error\",\"data\":\"429 slow down\"}",
        "{\"code\":-32603,\"message\":\"Internal error: 429 slow"
            + " down\",\"data\":{\"details\":\"429\"}}",
      })
  void errorIsTheAgentsWithItsDetails(String error) {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.refuse("session/prompt", error);
    assertThat(acp.outcomes)
        .containsExactly(
            new Outcome(
                TurnEndReason.TURN_END_REASON_AGENT_ERROR, "Internal error: 429 slow down"));
    acp.agent.prompt("once more", List.of(), "", "");
    assertThat(acp.last().path("method").textValue()).isEqualTo("session/prompt");
  }

  @Test
  void questionIsAskedWithAllThatIsKnownAndAnswered() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.update(
        """
        {"sessionUpdate":"tool_call","toolCallId":"c1","title":"Terminal","status":"pending","rawInput":{}}\
        """);
    assertThat(acp.told).isEmpty();
    acp.permission(0, CALL);
    assertThat(acp.told)
        .containsExactly("call c1 Bash 'rm -r x' {\"command\":\"rm -r x\"} []", "asked rm -r x");
    var approval = acp.asked.getFirst();
    assertThat(approval.getCallId()).isEqualTo("c1");
    assertThat(approval.getTool()).isEqualTo("Bash");
    assertThat(approval.getInputJson()).isEqualTo("{\"command\":\"rm -r x\"}");
    assertThat(approval.getOptionsList())
        .extracting(ApprovalOption::getId, ApprovalOption::getName, ApprovalOption::getKind)
        .containsExactly(
            option("a", "Allow", ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ONCE),
            option("b", "Always", ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ALWAYS),
            option("c", "No", ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ONCE),
            option("d", "Never", ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ALWAYS),
            option("e", "Hm", ApprovalOptionKind.APPROVAL_OPTION_KIND_UNSPECIFIED));
    acp.agent.answer("nobody asked this", "a");
    acp.agent.answer(approval.getId(), "b");
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"selected","optionId":"b"}}}\
            """);
    int sent = acp.sent();
    acp.agent.answer(approval.getId(), "c");
    assertThat(acp.sent()).isEqualTo(sent);
  }

  private static Tuple option(String id, String name, ApprovalOptionKind kind) {
    return Tuple.tuple(id, name, kind);
  }

  @Test
  void questionWithoutAFittingOptionIsAnsweredWithNothing() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.permission(3, CALL);
    acp.agent.answer(acp.asked.getFirst().getId(), "");
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":3,"result":{"outcome":{"outcome":"cancelled"}}}\
            """);
  }

  @Test
  void questionAboutACallThatWasNotAnnouncedIsNoCall() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.permission(3, CALL);
    acp.permission(4, CALL);
    assertThat(acp.told).containsExactly("asked rm -r x", "asked rm -r x");
    assertThat(acp.asked.get(0).getId()).isNotEqualTo(acp.asked.get(1).getId());
  }

  @Test
  void longIdsAreToldShortAndDifferentAndTheAgentGetsItsOwn() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    String id = "o".repeat(1000);
    acp.say(
        """
        {"jsonrpc":"2.0","id":3,"method":"session/request_permission","params":{"sessionId":"s1","toolCall":%s,\
        "options":[{"optionId":"%s1"},{"optionId":"%s2"}]}}\
        """
            .formatted(CALL.replace("c1", id), id, id));
    var approval = acp.asked.getFirst();
    assertThat(approval.getOptionsList())
        .extracting(ApprovalOption::getId)
        .doesNotHaveDuplicates()
        .allSatisfy(told -> assertThat(told).hasSizeLessThanOrEqualTo(200));
    acp.agent.answer(approval.getId(), approval.getOptions(1).getId());
    assertThat(acp.last().at("/result/outcome/optionId").textValue()).isEqualTo(id + "2");

    acp.update("{\"sessionUpdate\":\"tool_call\",\"title\":\"t\",\"toolCallId\":\"" + id + "\"}");
    acp.update(
        "{\"sessionUpdate\":\"tool_call_update\",\"status\":\"completed\",\"toolCallId\":\""
            + id
            + "\"}");
    assertThat(acp.events.get(0).getToolCall().getCallId())
        .isEqualTo(approval.getCallId())
        .isEqualTo(acp.events.get(1).getToolResult().getCallId());
  }

  @Test
  void questionsBeyondWhatASessionHoldsAreAnsweredWithNothing() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    String call = CALL.replace("rm -r x\"}", "x".repeat(60_000) + "\"}");
    for (int i = 0; i < 100; i++) {
      acp.permission(10 + i, call);
    }
    assertThat(acp.asked).hasSizeBetween(10, 20);
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":109,"result":{"outcome":{"outcome":"cancelled"}}}\
            """);
    acp.agent.answer(acp.asked.getFirst().getId(), "a");
    acp.permission(200, call);
    assertThat(acp.asked.getLast()).isNotEqualTo(acp.asked.getFirst());
  }

  @Test
  void endOfATurnAnswersItsQuestions() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    String prompt = acp.last().path("id").toString();
    acp.permission(30, CALL);
    acp.say("{\"jsonrpc\":\"2.0\",\"id\":" + prompt + ",\"result\":{\"stopReason\":\"end_turn\"}}");
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":30,"result":{"outcome":{"outcome":"cancelled"}}}\
            """);
  }

  @Test
  void cancelAnswersOpenQuestionsAndThoseThatStillCome() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.permission(3, CALL);
    acp.agent.cancel();
    assertThat(acp.methods()).endsWith("session/prompt", "session/cancel");
    assertThat(acp.last().path("id").intValue()).isEqualTo(3);
    assertThat(acp.last().path("result")).hasToString("{\"outcome\":{\"outcome\":\"cancelled\"}}");
    acp.permission(4, CALL);
    assertThat(acp.last().path("id").intValue()).isEqualTo(4);
    assertThat(acp.asked).hasSize(1);
    int sent = acp.sent();
    acp.agent.answer(acp.asked.getFirst().getId(), "a");
    assertThat(acp.sent()).isEqualTo(sent);
    assertThat(acp.agent.isReady()).isFalse();
    acp.say("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"stopReason\":\"cancelled\"}}");
    assertThat(acp.outcomes)
        .containsExactly(new Outcome(TurnEndReason.TURN_END_REASON_CANCELLED, ""));
    acp.agent.prompt("next", List.of(), "", "");
    acp.permission(5, CALL);
    assertThat(acp.asked).hasSize(2);
  }

  @Test
  void cancelWithoutAPromptSaysNothing() {
    ScriptedAcp acp = ScriptedAcp.withSession();
    int sent = acp.sent();
    acp.agent.cancel();
    assertThat(acp.sent()).isEqualTo(sent);
  }

  @Test
  void errorAfterACancelIsTheCancel() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.agent.cancel();
    acp.say("{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32603,\"message\":\"aborted\"}}");
    assertThat(acp.outcomes)
        .containsExactly(new Outcome(TurnEndReason.TURN_END_REASON_CANCELLED, "aborted"));
  }

  @Test
  void requestThatIsNotKnownIsRefusedAndKept() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    String request =
        """
        {"jsonrpc":"2.0","id":"x-1","method":"fs/read_text_file","params":{"path":"/etc/passwd"}}\
        """;
    acp.say(request);
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":"x-1","error":{"code":-32601,"message":"Method not found: fs/read_text_file"}}\
            """);
    assertThat(acp.told).containsExactly("acp " + request);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        """
        {"jsonrpc":"2.0","method":"_auth/status_update","params":{"authStatus":{"kind":"api_key"}}}\
        """,
        """
        {"jsonrpc":"2.0", "id":99, "result":{"a" : 1.50}}\
        """,
        """
        {"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"of a helper","update":\
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"x"}}}}\
        """,
      })
  void whatIsNotKnownIsKeptAsItCame(String message) {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.say(message);
    assertThat(acp.told).containsExactly("acp " + message);
  }

  @Test
  void usageIsTheTurnsOwn() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.update(
        "{\"sessionUpdate\":\"usage_update\",\"used\":9,\"size\":99,\"cost\":{\"amount\":0.1,\"currency\":\"USD\"}}");
    acp.answer(
        "session/prompt",
        """
        {"stopReason":"end_turn","usage":{"inputTokens":10,"outputTokens":20,"cachedReadTokens":300,\
        "cachedWriteTokens":4000,"totalTokens":4330}}\
        """);
    acp.agent.prompt("more", List.of(), "", "");
    acp.update(
        "{\"sessionUpdate\":\"usage_update\",\"used\":9,\"size\":99,\"cost\":{\"amount\":0.3,\"currency\":\"USD\"}}");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    acp.agent.prompt("more", List.of(), "", "");
    acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    assertThat(acp.told)
        .filteredOn(t -> !t.startsWith("acp "))
        .containsExactly("usage 4310(300) 20 0.1", "ended", "usage 0(0) 0 0.2", "ended", "ended");
  }

  @ParameterizedTest
  @CsvSource({
    // OpenCode: thoughts beside the output.
    "10,20,5,0,35,10,25",
    // Codex: thoughts among the output.
    "10,20,5,300,330,310,20",
    // Cached tokens among the input.
    "310,20,0,300,330,310,20",
  })
  void totalTellsWhatIsAmongWhat(
      int input, int output, int thought, int cached, int total, int allInput, int allOutput) {
    ScriptedAcp acp = ScriptedAcp.prompted();
    acp.answer(
        "session/prompt",
        """
        {"stopReason":"end_turn","usage":{"inputTokens":%d,"outputTokens":%d,"thoughtTokens":%d,\
        "cachedReadTokens":%d,"totalTokens":%d}}\
        """
            .formatted(input, output, thought, cached, total));
    assertThat(acp.told)
        .containsExactly("usage %d(%d) %d 0.0".formatted(allInput, cached, allOutput), "ended");
  }

  @Test
  void costOfAResumedSessionCountsOnceItIsKnown() {
    ScriptedAcp acp = new ScriptedAcp("s1", "");
    acp.initialize(ScriptedAcp.CAN_RESUME);
    acp.answer("session/resume", "{}");
    acp.told.clear();
    for (String amount : List.of("7.5", "7.75")) {
      acp.agent.prompt("go on", List.of(), "", "");
      acp.update(
          "{\"sessionUpdate\":\"usage_update\",\"cost\":{\"amount\":"
              + amount
              + ",\"currency\":\"USD\"}}");
      acp.answer("session/prompt", "{\"stopReason\":\"end_turn\"}");
    }
    assertThat(acp.told)
        .filteredOn(t -> !t.startsWith("acp "))
        .containsExactly("ended", "usage 0(0) 0 0.25", "ended");
  }

  @Test
  void bytesCutAnywhereSayTheSame() {
    String script =
        """
        {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}
        {"jsonrpc":"2.0","id":2,"result":{"sessionId":"s1"}}\r

        {"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s1","update":\
        {"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"ä€😀"}}}}
        {"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"plan"}}}
        """;
    byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
    for (int cut = 0; cut <= bytes.length; cut++) {
      ScriptedAcp acp = new ScriptedAcp();
      acp.agent.feed(bytes, 0, cut);
      acp.agent.feed(bytes, cut, bytes.length - cut);
      assertSaid(acp);
    }
    ScriptedAcp single = new ScriptedAcp();
    for (int i = 0; i < bytes.length; i++) {
      single.agent.feed(bytes, i, 1);
    }
    assertSaid(single);
  }

  private static void assertSaid(ScriptedAcp acp) {
    assertThat(acp.told)
        .containsExactly(
            "token s1",
            "ready",
            "text ä€😀",
            "acp {\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":"
                + "{\"update\":{\"sessionUpdate\":\"plan\"}}}");
  }

  @Test
  void lineThatIsTooLongBreaks() {
    ScriptedAcp acp = ScriptedAcp.prompted();
    byte[] piece = new byte[1 << 20];
    Arrays.fill(piece, (byte) ' ');
    for (int i = 0; i < 32; i++) {
      acp.agent.feed(piece, 0, piece.length);
    }
    assertThat(acp.told).isEmpty();
    acp.agent.feed(piece, 0, 1);
    assertThat(acp.told).containsExactly("broken The agent sent a message of more than 32 MiB.");
    acp.say("\n{}");
    assertThat(acp.told).hasSize(1);
  }

  @Test
  void listenerMayAnswerAndPromptWhileItIsTold() {
    ScriptedAcp acp = new ScriptedAcp();
    acp.onReady = () -> acp.agent.prompt("first", List.of(), "", "");
    acp.onAsked = id -> acp.agent.answer(id, "a");
    acp.say("{\"id\":1,\"result\":{\"protocolVersion\":1}}");
    acp.say("{\"id\":2,\"result\":{\"sessionId\":\"s1\"}}");
    assertThat(acp.last().path("method").textValue()).isEqualTo("session/prompt");
    acp.permission(8, CALL);
    assertThat(acp.last())
        .hasToString(
            """
            {"jsonrpc":"2.0","id":8,"result":{"outcome":{"outcome":"selected","optionId":"a"}}}\
            """);
  }
}

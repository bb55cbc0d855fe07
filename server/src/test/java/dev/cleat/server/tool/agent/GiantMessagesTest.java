package dev.cleat.server.tool.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever an agent says is short where it is told, or is told in short pieces. */
@Order(3)
class GiantMessagesTest {
  /** Well under the 4 MiB that a client of gRPC takes, and under the giants. */
  private static final int BOUND = 200 << 10;

  private static final int GIANT = 300 << 10;
  private static final int MANY = 1_200;

  /** What says which message it is, or how it went: without it, nothing of it is looked at. */
  private static final Set<String> KINDS =
      Set.of("type", "subtype", "sessionUpdate", "method", "jsonrpc", "status", "role", "kind");

  /** How a message is made a giant. */
  private enum Giant {
    TEXTS,
    LISTS,
    BOTH;

    JsonNode of(JsonNode node, String field) {
      return switch (node) {
        case ObjectNode object -> {
          ObjectNode all = AcpJson.object();
          for (Map.Entry<String, JsonNode> each : object.properties()) {
            all.set(each.getKey(), of(each.getValue(), each.getKey()));
          }
          yield all;
        }
        case ArrayNode list when this != TEXTS -> many(list);
        case ArrayNode list -> {
          ArrayNode all = list.arrayNode();
          list.forEach(each -> all.add(of(each, field)));
          yield all;
        }
        // Others stay others, and what is the same stays the same.
        case TextNode text when this != LISTS && !KINDS.contains(field) ->
            TextNode.valueOf(text.textValue() + "é€👋x".repeat(GIANT / 10));
        default -> node;
      };
    }

    /** Itself, and so many more that differ. */
    private ArrayNode many(ArrayNode list) {
      ArrayNode all = list.arrayNode();
      list.forEach(each -> all.add(of(each, "")));
      for (int i = 0; i < MANY && !list.isEmpty(); i++) {
        all.add(numbered(list.get(0), "", i));
      }
      return all;
    }

    private static JsonNode numbered(JsonNode node, String field, int number) {
      return switch (node) {
        case ObjectNode object -> {
          ObjectNode all = AcpJson.object();
          for (Map.Entry<String, JsonNode> each : object.properties()) {
            all.set(each.getKey(), numbered(each.getValue(), each.getKey(), number));
          }
          yield all;
        }
        case TextNode text when !KINDS.contains(field) ->
            TextNode.valueOf(text.textValue() + "n".repeat(180) + number);
        default -> node;
      };
    }
  }

  private static final String CODEX_PATCH =
      """
      {"type":"item.completed","item":{"id":"i","type":"file_change","changes":[{"path":"/a","kind":"add"}]}}
      {"type":"item.completed","item":{"id":"j","type":"mcp_tool_call","server":"s","tool":"t",\
      "arguments":{"a":"b"},"result":{"content":[{"type":"text","text":"ok"}]},"status":"completed"}}
      {"type":"item.completed","item":{"id":"k","type":"error","message":"m"}}
      """;

  private static final String CLAUDE_MORE =
      """
      {"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"}]}]}}
      {"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash",\
      "input":{"command":"ls","file_path":"/a","filePath":"/b","path":"/c","notebook_path":"/d"}}]}}
      {"type":"result","subtype":"error_during_execution","is_error":true,"errors":["e"]}
      """;

  @ParameterizedTest
  @CsvSource({
    "CLAUDE, claude-partial claude-tool",
    "CODEX, codex-failed-call",
    "GEMINI, gemini-error gemini-tool",
    "OPENCODE, opencode-error opencode-tool",
    "PLAIN, codex-text"
  })
  void outputOfACommandIsToldInShort(OutputForm form, String samples) throws Exception {
    for (String sample : samples.split(" ", -1)) {
      for (Giant giant : Giant.values()) {
        String lines = new String(Heard.sample(sample), UTF_8) + CODEX_PATCH + CLAUDE_MORE;
        Heard heard = heard(form, lines, giant);
        assertThat(heard.events())
            .as("%s %s", sample, giant)
            .isNotEmpty()
            .allSatisfy(event -> assertThat(event.getSerializedSize()).isLessThan(BOUND));
        assertThat(heard.tokens())
            .allSatisfy(token -> assertThat(token.getBytes(UTF_8)).hasSizeLessThan(BOUND));
        assertThat(heard.outcome().message().getBytes(UTF_8)).hasSizeLessThan(BOUND);
      }
    }
  }

  private static Heard heard(OutputForm form, String lines, Giant giant)
      throws JsonProcessingException {
    StringBuilder all = new StringBuilder();
    for (String line : lines.lines().toList()) {
      all.append(giant.of(AcpJson.read(line), "")).append('\n');
    }
    return Heard.of(
        listener ->
            form.reader(listener, com.google.re2j.Pattern.compile("\"session_id\":\"([^\"]*)")),
        all.toString().getBytes(UTF_8));
  }

  static List<List<String>> conversations() {
    String opened =
        """
        {"id":2,"result":{"sessionId":"s1","modes":{"currentModeId":"a","availableModes":[{"id":"a","name":"A","description":"d"}]},\
        "configOptions":[{"id":"mode","category":"mode","currentValue":"a","options":[{"group":"g","name":"G",\
        "options":[{"value":"a","name":"A","description":"d"}]}]}]}}\
        """;
    String began =
        """
        {"id":1,"result":{"protocolVersion":1,"authMethods":[{"id":"i","name":"n"}],"agentCapabilities":{}}}\
        """;
    List<String> turn = new ArrayList<>(List.of(began, opened, "prompt"));
    for (String update :
        List.of(
            "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"t\"}}",
            "{\"sessionUpdate\":\"agent_thought_chunk\",\"content\":{\"type\":\"text\",\"text\":\"t\"}}",
            """
            {"sessionUpdate":"tool_call","toolCallId":"c","title":"t","kind":"edit","status":"pending",\
            "_meta":{"claudeCode":{"toolName":"Edit"}},"locations":[{"path":"/a"}],"rawInput":{"a":"b"}}\
            """,
            """
            {"sessionUpdate":"tool_call_update","toolCallId":"c","status":"completed",\
            "_meta":{"terminal_output_delta":{"data":"d"}},\
            "content":[{"type":"content","content":{"type":"text","text":"r"}}],"rawOutput":{"o":"p"}}\
            """,
            "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"d\",\"title\":\"t\",\"kind\":\"k\"}",
            "{\"sessionUpdate\":\"available_commands_update\",\"availableCommands\":[{\"name\":\"n\"}]}",
            "{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"c\",\"priority\":\"high\"}]}",
            "{\"sessionUpdate\":\"current_mode_update\",\"currentModeId\":\"b\"}",
            """
            {"sessionUpdate":"config_option_update","configOptions":[{"id":"mode","currentValue":"b",\
            "options":[{"value":"b","name":"B","description":"d"}]}]}\
            """)) {
      turn.add(
          "{\"method\":\"session/update\",\"params\":{\"sessionId\":\"s1\",\"update\":"
              + update
              + "}}");
    }
    turn.add(
        """
        {"id":9,"method":"session/request_permission","params":{"sessionId":"s1","toolCall":{"toolCallId":"e",\
        "title":"t","kind":"execute","rawInput":{"a":"b"},"locations":[{"path":"/a"}]},\
        "options":[{"optionId":"o","name":"n","kind":"allow_once"}]}}\
        """);
    turn.add("{\"id\":10,\"method\":\"fs/read\",\"params\":{\"path\":\"p\"}}");
    List<String> refused = new ArrayList<>(turn);
    turn.add("{\"id\":3,\"result\":{\"stopReason\":\"odd\"}}");
    String error = "\"error\":{\"code\":-32000,\"message\":\"m\",\"data\":{\"details\":\"d\"}}}";
    refused.add("{\"id\":3," + error);
    return List.of(
        turn,
        refused,
        List.of("{\"id\":1," + error),
        List.of(began, "{\"id\":2," + error),
        List.of("{\"id\":1,\"result\":{\"protocolVersion\":\"v\"}}"),
        List.of("[\"no message\"]"));
  }

  @ParameterizedTest
  @MethodSource("conversations")
  void conversationIsToldInShort(List<String> conversation) throws Exception {
    for (Giant giant : Giant.values()) {
      ScriptedAcp acp = new ScriptedAcp();
      for (String line : conversation) {
        if (!line.equals("prompt")) {
          acp.say(giant.of(AcpJson.read(line), "").toString());
        } else if (acp.agent.isReady()) {
          acp.agent.prompt("hello", List.of(), "", "");
        }
      }
      assertThat(acp.events)
          .as("%s", giant)
          .allSatisfy(event -> assertThat(event.getSerializedSize()).isLessThan(BOUND));
      assertThat(acp.asked)
          .allSatisfy(asked -> assertThat(asked.getSerializedSize()).isLessThan(BOUND));
      assertThat(acp.modes)
          .allSatisfy(modes -> assertThat(modes.getSerializedSize()).isLessThan(BOUND));
      assertThat(acp.outcomes)
          .allSatisfy(end -> assertThat(end.message().getBytes(UTF_8)).hasSizeLessThan(BOUND));
      // With the names of its session, and why it cannot go on.
      assertThat(acp.told)
          .isNotEmpty()
          .allSatisfy(told -> assertThat(told.getBytes(UTF_8)).hasSizeLessThan(BOUND));
      // A prompt was given and has ended, where there was one.
      assertThat(acp.outcomes).hasSize(conversation.contains("prompt") ? 1 : 0);
    }
  }
}

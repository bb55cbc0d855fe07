package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code POST /v1/messages}, which Claude Code speaks. */
final class MessagesStream extends ReplyStream {
  private final String model;
  private String stopReason = "end_turn";

  MessagesStream(OutputStream out, String model) {
    super(out);
    this.model = model;
  }

  @Override
  void begin(Reply.Usage usage) throws IOException {
    Map<String, Object> message = new HashMap<>();
    message.put("id", "msg_" + Ids.next());
    message.put("type", "message");
    message.put("role", "assistant");
    message.put("model", model);
    message.put("content", List.of());
    message.put("stop_reason", null);
    message.put("stop_sequence", null);
    message.put("usage", tokens(usage.input(), 1));
    event(Map.of("type", "message_start", "message", message));
  }

  @Override
  void beginBlock(Block block, int index) throws IOException {
    Map<String, ?> content =
        block == Block.TEXT
            ? Map.of("type", "text", "text", "")
            : Map.of("type", "thinking", "thinking", "", "signature", "");
    event(Map.of("type", "content_block_start", "index", index, "content_block", content));
  }

  @Override
  void piece(Block block, int index, String piece) throws IOException {
    delta(
        index,
        block == Block.TEXT
            ? Map.of("type", "text_delta", "text", piece)
            : Map.of("type", "thinking_delta", "thinking", piece));
  }

  @Override
  void endBlock(Block block, int index, String content) throws IOException {
    if (block == Block.THOUGHT) {
      delta(index, Map.of("type", "signature_delta", "signature", "c2NyaXB0ZWQ="));
    }
    event(Map.of("type", "content_block_stop", "index", index));
  }

  @Override
  void toolCall(int index, Reply.ToolCall call) throws IOException {
    stopReason = "tool_use";
    event(
        Map.of(
            "type",
            "content_block_start",
            "index",
            index,
            "content_block",
            Map.of(
                "type",
                "tool_use",
                "id",
                "toolu_" + Ids.next(),
                "name",
                call.tool(),
                "input",
                Map.of())));
    delta(index, Map.of("type", "input_json_delta", "partial_json", Json.write(call.input())));
    event(Map.of("type", "content_block_stop", "index", index));
  }

  @Override
  void end(Reply.Usage usage) throws IOException {
    Map<String, Object> delta = new HashMap<>(Collections.singletonMap("stop_sequence", null));
    delta.put("stop_reason", stopReason);
    event(
        Map.of(
            "type",
            "message_delta",
            "delta",
            delta,
            "usage",
            tokens(usage.input(), usage.output())));
    event(Map.of("type", "message_stop"));
  }

  private void delta(int index, Map<String, ?> delta) throws IOException {
    event(Map.of("type", "content_block_delta", "index", index, "delta", delta));
  }

  private static Map<String, ?> tokens(int input, int output) {
    return Map.of(
        "input_tokens",
        input,
        "cache_creation_input_tokens",
        0,
        "cache_read_input_tokens",
        0,
        "output_tokens",
        output);
  }
}

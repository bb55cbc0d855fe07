package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** {@code POST /v1/responses}, which Codex speaks. */
final class ResponsesStream extends ReplyStream {
  private final String response = "resp_" + Ids.next();
  private String item = "";

  ResponsesStream(OutputStream out) {
    super(out);
  }

  @Override
  void begin(Reply.Usage usage) throws IOException {
    event(
        Map.of(
            "type",
            "response.created",
            "response",
            Map.of("id", response, "status", "in_progress")));
  }

  @Override
  void beginBlock(Block block, int index) throws IOException {
    item = (block == Block.TEXT ? "msg_" : "rs_") + Ids.next();
    item("response.output_item.added", index, block(block, List.of()));
    if (block == Block.THOUGHT) {
      event(
          Map.of(
              "type",
              "response.reasoning_summary_part.added",
              "item_id",
              item,
              "output_index",
              index,
              "summary_index",
              0,
              "part",
              Map.of("type", "summary_text", "text", "")));
    }
  }

  @Override
  void piece(Block block, int index, String piece) throws IOException {
    boolean text = block == Block.TEXT;
    event(
        Map.of(
            "type",
            text ? "response.output_text.delta" : "response.reasoning_summary_text.delta",
            "item_id",
            item,
            "output_index",
            index,
            text ? "content_index" : "summary_index",
            0,
            "delta",
            piece));
  }

  @Override
  void endBlock(Block block, int index, String content) throws IOException {
    Map<String, ?> part =
        block == Block.TEXT
            ? Map.of("type", "output_text", "text", content, "annotations", List.of())
            : Map.of("type", "summary_text", "text", content);
    item("response.output_item.done", index, block(block, List.of(part)));
  }

  private Map<String, ?> block(Block block, List<?> parts) {
    return block == Block.TEXT
        ? Map.of("type", "message", "id", item, "role", "assistant", "content", parts)
        : Map.of("type", "reasoning", "id", item, "summary", parts);
  }

  @Override
  void toolCall(int index, Reply.ToolCall call) throws IOException {
    item(
        "response.output_item.done",
        index,
        Map.of(
            "type",
            "function_call",
            "id",
            "fc_" + Ids.next(),
            "call_id",
            "call_" + Ids.next(),
            "name",
            call.tool(),
            "arguments",
            Json.write(call.input())));
  }

  @Override
  void end(Reply.Usage usage) throws IOException {
    Map<String, ?> tokens =
        Map.of(
            "input_tokens",
            usage.input(),
            "input_tokens_details",
            Map.of("cached_tokens", 0),
            "output_tokens",
            usage.output(),
            "output_tokens_details",
            Map.of("reasoning_tokens", 0),
            "total_tokens",
            usage.input() + usage.output());
    event(
        Map.of(
            "type",
            "response.completed",
            "response",
            Map.of("id", response, "status", "completed", "usage", tokens)));
  }

  private void item(String type, int index, Map<String, ?> item) throws IOException {
    event(Map.of("type", type, "output_index", index, "item", item));
  }
}

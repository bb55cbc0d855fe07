package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/chat/completions}, which OpenCode speaks to any provider. */
final class ChatStream extends ReplyStream {
  private final String id = "chatcmpl-" + Ids.next();
  private final String model;
  private String finishReason = "stop";
  private int calls;

  ChatStream(OutputStream out, String model) {
    super(out);
    this.model = model;
  }

  @Override
  void begin(Reply.Usage usage) throws IOException {
    choice(Map.of("role", "assistant", "content", ""), null);
  }

  @Override
  void beginBlock(Block block, int index) {
    // Blocks are told apart by what is in their pieces.
  }

  @Override
  void piece(Block block, int index, String piece) throws IOException {
    choice(Map.of(block == Block.TEXT ? "content" : "reasoning_content", piece), null);
  }

  @Override
  void endBlock(Block block, int index, String content) {
    // As above.
  }

  @Override
  void toolCall(int index, Reply.ToolCall call) throws IOException {
    finishReason = "tool_calls";
    Map<String, ?> function = Map.of("name", call.tool(), "arguments", Json.write(call.input()));
    choice(
        Map.of(
            "tool_calls",
            List.of(
                Map.of(
                    "index",
                    calls,
                    "id",
                    "call_" + Ids.next(),
                    "type",
                    "function",
                    "function",
                    function))),
        null);
    calls++;
  }

  @Override
  void end(Reply.Usage usage) throws IOException {
    choice(Map.of(), finishReason);
    Map<String, Object> last = chunk(List.of());
    last.put(
        "usage",
        Map.of(
            "prompt_tokens",
            usage.input(),
            "completion_tokens",
            usage.output(),
            "total_tokens",
            usage.input() + usage.output()));
    data(Json.write(last));
    data("[DONE]");
  }

  private void choice(Map<String, ?> delta, @Nullable String reason) throws IOException {
    Map<String, @Nullable Object> choice = new HashMap<>(Map.of("index", 0, "delta", delta));
    choice.put("finish_reason", reason);
    data(Json.write(chunk(List.of(choice))));
  }

  private Map<String, Object> chunk(List<?> choices) {
    return new HashMap<>(
        Map.of(
            "id",
            id,
            "object",
            "chat.completion.chunk",
            "created",
            0,
            "model",
            model,
            "choices",
            choices));
  }
}

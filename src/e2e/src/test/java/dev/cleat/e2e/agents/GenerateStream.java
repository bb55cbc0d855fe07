package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** {@code POST /v1beta/models/…:streamGenerateContent}, which Gemini CLI speaks. */
final class GenerateStream extends ReplyStream {
  GenerateStream(OutputStream out) {
    super(out);
  }

  @Override
  void begin(Reply.Usage usage) {
    // The first piece is the beginning.
  }

  @Override
  void beginBlock(Block block, int index) {
    // Blocks are told apart by what is in their pieces.
  }

  @Override
  void piece(Block block, int index, String piece) throws IOException {
    part(block == Block.TEXT ? Map.of("text", piece) : Map.of("text", piece, "thought", true));
  }

  @Override
  void endBlock(Block block, int index, String content) {
    // As above.
  }

  @Override
  void toolCall(int index, Reply.ToolCall call) throws IOException {
    part(Map.of("functionCall", Map.of("name", call.tool(), "args", call.input())));
  }

  @Override
  void end(Reply.Usage usage) throws IOException {
    data(
        Json.write(
            Map.of(
                "candidates",
                List.of(
                    Map.of(
                        "content",
                        Map.of("role", "model", "parts", List.of(Map.of("text", ""))),
                        "finishReason",
                        "STOP",
                        "index",
                        0)),
                "usageMetadata",
                Map.of(
                    "promptTokenCount",
                    usage.input(),
                    "candidatesTokenCount",
                    usage.output(),
                    "totalTokenCount",
                    usage.input() + usage.output()))));
  }

  private void part(Map<String, ?> part) throws IOException {
    data(
        Json.write(
            Map.of(
                "candidates",
                List.of(
                    Map.of(
                        "content", Map.of("role", "model", "parts", List.of(part)), "index", 0)))));
  }
}

package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A reply on its way in one API's server-sent events. For one thread. Pieces of text in a row are
 * one block, and so are pieces of thought; whatever comes next closes it.
 */
abstract class ReplyStream {
  /** What is being streamed. */
  enum Block {
    NONE,
    TEXT,
    THOUGHT
  }

  private final OutputStream out;
  private Block open = Block.NONE;
  private final StringBuilder content = new StringBuilder();
  private int index;

  ReplyStream(OutputStream out) {
    this.out = out;
  }

  final void piece(Block block, String piece) throws IOException {
    if (open != block) {
      endBlock();
      open = block;
      beginBlock(block, index);
    }
    content.append(piece);
    piece(block, index, piece);
  }

  final void toolCall(Reply.ToolCall call) throws IOException {
    endBlock();
    toolCall(index, call);
    index++;
  }

  final void finish(Reply.Usage usage) throws IOException {
    endBlock();
    end(usage);
  }

  private void endBlock() throws IOException {
    if (open != Block.NONE) {
      endBlock(open, index, content.toString());
      open = Block.NONE;
      content.setLength(0);
      index++;
    }
  }

  abstract void begin(Reply.Usage usage) throws IOException;

  abstract void beginBlock(Block block, int index) throws IOException;

  abstract void piece(Block block, int index, String piece) throws IOException;

  abstract void endBlock(Block block, int index, String content) throws IOException;

  abstract void toolCall(int index, Reply.ToolCall call) throws IOException;

  abstract void end(Reply.Usage usage) throws IOException;

  /** An event whose name its data repeats as its type. */
  final void event(Map<String, ?> data) throws IOException {
    write("event: " + data.get("type") + "\ndata: " + Json.write(data) + "\n\n");
  }

  /** An event without a name. */
  final void data(String data) throws IOException {
    write("data: " + data + "\n\n");
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}

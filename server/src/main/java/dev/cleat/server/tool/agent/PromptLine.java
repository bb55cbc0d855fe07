package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.v1.Image;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Prompts in the form that a command reads from its standard input. */
public final class PromptLine {
  private PromptLine() {}

  /** What {@code claude -p --input-format stream-json} reads, with the newline. */
  public static byte[] claude(String prompt, List<Image> images) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("type", "user");
    ArrayNode content = line.putObject("message").put("role", "user").putArray("content");
    content.addObject().put("type", "text").put("text", prompt);
    for (Image image : images) {
      content
          .addObject()
          .put("type", "image")
          .putObject("source")
          .put("type", "base64")
          .put("media_type", image.getMimeType())
          .put("data", image.getData().toByteArray());
    }
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }
}

package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an agent asked the model. What it says is read alike from all three APIs.
 *
 * @param path without the query
 * @param headers by name in lower case, the first value of each
 * @param body a missing node where there was none
 */
record ModelRequest(String method, String path, Map<String, String> headers, JsonNode body) {

  /**
   * A request of a turn, which the script answers.
   *
   * <p>Agents offer the model their tools in those. What they ask beside (titles of sessions,
   * quotas, token counts, lists of models) comes without tools; so does a compaction.
   */
  boolean isOfATurn() {
    return method.equals("POST")
        && Stream.of("/messages", "/responses", "/chat/completions").anyMatch(path::endsWith)
        && !body.path("tools").isEmpty();
  }

  String model() {
    return body.path("model").asText();
  }

  /** The names of the tools that the model may call. */
  List<String> tools() {
    List<String> names = new ArrayList<>();
    for (JsonNode tool : body.path("tools")) {
      JsonNode named = tool.has("function") ? tool.path("function") : tool;
      names.add(named.path("name").asText(named.path("type").asText()));
    }
    return names;
  }

  /**
   * All texts of the user's side in the conversation, oldest first. Agents add their own: reminders
   * and what they know of the folder.
   */
  List<String> prompts() {
    List<String> texts = new ArrayList<>();
    for (JsonNode message : conversation()) {
      if (message.path("role").asText().equals("user")) {
        texts.addAll(texts(message.path("content")));
      }
    }
    return texts;
  }

  /** All that the model has said in the conversation, oldest first. */
  List<String> replies() {
    List<String> texts = new ArrayList<>();
    for (JsonNode message : conversation()) {
      if (message.path("role").asText().equals("assistant")) {
        texts.addAll(texts(message.path("content")));
      }
    }
    return texts;
  }

  /** What the tools that the model called came to, oldest first. */
  List<String> toolResults() {
    List<String> results = new ArrayList<>();
    for (JsonNode message : conversation()) {
      if (message.path("type").asText().endsWith("_call_output")) {
        results.add(joined(message.path("output")));
      } else if (message.path("role").asText().equals("tool")) {
        results.add(joined(message.path("content")));
      } else {
        for (JsonNode part : parts(message.path("content"))) {
          if (part.path("type").asText().equals("tool_result")) {
            results.add(joined(part.path("content")));
          }
        }
      }
    }
    return results;
  }

  /** It brings the result of a tool, and no new prompt. */
  boolean continuesATurn() {
    JsonNode conversation = conversation();
    JsonNode last = conversation.path(conversation.size() - 1);
    if (last.path("type").asText().endsWith("_call_output")
        || last.path("role").asText().equals("tool")) {
      return true;
    }
    for (JsonNode part : parts(last.path("content"))) {
      if (part.path("type").asText().equals("tool_result")) {
        return true;
      }
    }
    return false;
  }

  /** The images in the conversation, oldest first. */
  List<byte[]> images() {
    List<byte[]> images = new ArrayList<>();
    for (JsonNode message : conversation()) {
      for (JsonNode part : parts(message.path("content"))) {
        String base64 = imageOf(part);
        if (base64 != null) {
          images.add(Base64.getDecoder().decode(base64));
        }
      }
    }
    return images;
  }

  private static @Nullable String imageOf(JsonNode part) {
    return switch (part.path("type").asText()) {
      case "image" -> part.path("source").path("data").asText();
      case "input_image" -> ofDataUrl(part.path("image_url").asText());
      case "image_url" -> ofDataUrl(part.path("image_url").path("url").asText());
      default -> null;
    };
  }

  private static String ofDataUrl(String url) {
    return url.substring(url.indexOf(',') + 1);
  }

  private JsonNode conversation() {
    return body.has("input") ? body.path("input") : body.path("messages");
  }

  private static JsonNode parts(JsonNode content) {
    return content.isArray() ? content : content.path("none");
  }

  private static List<String> texts(JsonNode content) {
    if (content.isTextual()) {
      return List.of(content.asText());
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode part : content) {
      if (part.has("text")) {
        texts.add(part.path("text").asText());
      }
    }
    return texts;
  }

  private static String joined(JsonNode content) {
    return String.join("\n", texts(content));
  }

  @Override
  public String toString() {
    return "%s %s %s".formatted(method, path, body);
  }
}

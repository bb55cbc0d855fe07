package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an agent asked the model. What it says is read alike from all four APIs.
 *
 * @param path without the query
 * @param headers by name in lower case, the first value of each
 * @param body a missing node where there was none
 */
record ModelRequest(String method, String path, Map<String, String> headers, JsonNode body) {

  /** The end of the path of Gemini's streamed answers. */
  static final String GENERATE = ":streamGenerateContent";

  private static final String MODELS = "/v1beta/models/";

  /**
   * A request of a turn, which the script answers.
   *
   * <p>Agents offer the model their tools in those. What they ask beside (titles of sessions,
   * quotas, token counts, lists of models) comes without tools; so does a compaction.
   */
  boolean isOfATurn() {
    return method.equals("POST")
        && Stream.of("/messages", "/responses", "/chat/completions", GENERATE)
            .anyMatch(path::endsWith)
        && !body.path("tools").isEmpty();
  }

  /** Whether it is in Gemini's API, whose paths name the model and what it is to do. */
  boolean isOfGemini() {
    return path.contains(MODELS);
  }

  String model() {
    return isOfGemini()
        ? path.substring(path.indexOf(MODELS) + MODELS.length(), path.lastIndexOf(':'))
        : body.path("model").asText();
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
        texts.addAll(texts(content(message)));
      }
    }
    return texts;
  }

  /** All that the model has said in the conversation, oldest first. */
  List<String> replies() {
    List<String> texts = new ArrayList<>();
    for (JsonNode message : conversation()) {
      if (List.of("assistant", "model").contains(message.path("role").asText())) {
        texts.addAll(texts(content(message)));
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
        for (JsonNode part : parts(content(message))) {
          if (part.path("type").asText().equals("tool_result")) {
            results.add(joined(part.path("content")));
          } else if (part.has("functionResponse")) {
            results.add(part.path("functionResponse").path("response").path("output").asText());
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
    for (JsonNode part : parts(content(last))) {
      if (part.path("type").asText().equals("tool_result") || part.has("functionResponse")) {
        return true;
      }
    }
    return false;
  }

  /** The images in the conversation, oldest first. */
  List<byte[]> images() {
    List<byte[]> images = new ArrayList<>();
    for (JsonNode message : conversation()) {
      for (JsonNode part : parts(content(message))) {
        String base64 = imageOf(part);
        if (base64 != null) {
          images.add(Base64.getDecoder().decode(base64));
        }
      }
    }
    return images;
  }

  private static @Nullable String imageOf(JsonNode part) {
    if (part.has("inlineData")) {
      return part.path("inlineData").path("data").asText();
    }
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
    return isOfGemini()
        ? body.path("contents")
        : body.has("input") ? body.path("input") : body.path("messages");
  }

  private static JsonNode content(JsonNode message) {
    return message.has("parts") ? message.path("parts") : message.path("content");
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

package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.ToolCall;
import java.util.Set;

/** What an agent has said of one of its tool calls so far. */
final class AcpToolCall {
  private final String id;
  private String name = "";
  private String kind = "";
  private String title = "";
  private String inputJson = "";
  private boolean hasInput;
  private Set<String> paths = Set.of();
  private String content = "";
  private final StringBuilder printed = new StringBuilder();
  private boolean told;
  private boolean ended;

  /**
   * A call of which nothing is known.
   *
   * @param id as it is told
   */
  AcpToolCall(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  String name() {
    return !name.isEmpty() ? name : kind.isEmpty() ? "other" : kind;
  }

  String title() {
    return title;
  }

  String inputJson() {
    return inputJson;
  }

  boolean hasInput() {
    return hasInput;
  }

  boolean told() {
    return told;
  }

  boolean ended() {
    return ended;
  }

  /** Takes what a message says; what it does not say stays. */
  void merge(JsonNode said) {
    name = orElse(toolName(said), name);
    kind = orElse(line(said, "kind"), kind);
    title = orElse(line(said, "title"), title);
    JsonNode input = said.path("rawInput");
    if (isInput(input)) {
      hasInput = true;
      inputJson = Texts.orEmpty(AcpJson.write(input), Texts.MOST_BYTES);
    }
    if (AcpJson.says(said.path("locations"))) {
      paths = Texts.paths(Fields.texts(said.path("locations"), "path"));
    }
    content = orElse(blocks(said.path("content")), content);
    // Codex tells what a command prints only so, piece by piece, and not again at its end.
    JsonNode piece = said.path("_meta").path("terminal_output_delta");
    if (printed.length() < Texts.MOST_BYTES) {
      printed.append(Texts.cut(AcpJson.text(piece, "data"), Texts.MOST_BYTES));
    }
  }

  /** The event; after this it counts as told. */
  ToolCall tell() {
    told = true;
    return ToolCall.newBuilder()
        .setCallId(id)
        .setName(name())
        .setTitle(title)
        .setInputJson(inputJson)
        .addAllPaths(paths)
        .build();
  }

  /** What the call returned, by its last update and by what came before it. */
  String result(JsonNode last) {
    String text = blocks(last.path("content"));
    JsonNode raw = last.path("rawOutput");
    if (text.isEmpty() && AcpJson.says(raw)) {
      text = raw.isTextual() ? raw.textValue() : orElse(blocks(raw), AcpJson.write(raw));
    }
    return Texts.cut(orElse(text, orElse(content, printed.toString())), Texts.MOST_BYTES);
  }

  /** It is over: only that is remembered. */
  void end() {
    ended = true;
    title = "";
    inputJson = "";
    paths = Set.of();
    content = "";
    printed.setLength(0);
    printed.trimToSize();
  }

  /** A directory alone is not an input yet: OpenCode begins every shell command with one. */
  private static boolean isInput(JsonNode input) {
    return AcpJson.says(input) && !(input.size() == 1 && input.has("cwd"));
  }

  /** Agents have the tool's name in their own part of the message: {@code _meta.claudeCode}. */
  private static String toolName(JsonNode said) {
    JsonNode meta = said.path("_meta");
    String name = AcpJson.text(meta, "toolName");
    for (JsonNode own : meta) {
      name = orElse(name, AcpJson.text(own, "toolName"));
    }
    return Texts.cut(orElse(name, AcpJson.text(said, "name")), Texts.MOST_LINE_BYTES);
  }

  private static String line(JsonNode said, String field) {
    return Texts.cut(AcpJson.text(said, field), Texts.MOST_LINE_BYTES);
  }

  /** The text in blocks of content, as much as an event holds. */
  private static String blocks(JsonNode blocks) {
    StringBuilder text = new StringBuilder();
    if (!blocks.isArray()) {
      return "";
    }
    for (JsonNode block : blocks) {
      String piece = AcpJson.text(block.path("content"), "text");
      piece = orElse(piece, AcpJson.text(block, "text"));
      if (!piece.isEmpty() && text.length() <= Texts.MOST_BYTES) {
        text.append(text.isEmpty() ? "" : "\n").append(piece);
      }
    }
    return Texts.cut(text.toString(), Texts.MOST_BYTES);
  }

  /** Whether blocks of content hold more than text, such as the difference made to a file. */
  static boolean hasMoreThanText(JsonNode blocks) {
    for (JsonNode block : blocks) {
      if (!AcpJson.text(block.path("content"), "type").equals("text")) {
        return true;
      }
    }
    return false;
  }

  private static String orElse(String text, String other) {
    return text.isEmpty() ? other : text;
  }
}

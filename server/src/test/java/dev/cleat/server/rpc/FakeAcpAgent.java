package dev.cleat.server.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An agent in a process of its own that speaks the Agent Client Protocol and does as its prompts
 * say: {@code say TEXT}, {@code ask TOOL}, {@code wait} for a cancel, {@code deaf} to it, {@code
 * exit CODE}, {@code fail TEXT}, {@code recall} all prompts of the conversation, {@code pictures}
 * how many came and how large. With modes, {@code mode} says the one that it is in, and {@code
 * switch MODE} changes it by itself, {@code leave MODE} at a cancel. Its conversations are files in
 * the working directory.
 */
public final class FakeAcpAgent {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final BufferedReader in =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private final boolean hasModes;
  private String mode = "ask";
  private String session = "";
  private int calls;

  private FakeAcpAgent(boolean hasModes) {
    this.hasModes = hasModes;
  }

  /** The command that starts it, for a catalogue. */
  static String command() {
    return "[%s, -XX:TieredStopAtLevel=1, -cp, \"%s\", %s]"
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            FakeAcpAgent.class.getName());
  }

  /** A catalogue in which it is the tool {@code fake}. */
  static String catalogue() {
    return "tools: {fake: {acp: {command: %s}}}".formatted(command());
  }

  /** A catalogue in which it is the tool {@code fake}, and as {@code moded} one with modes. */
  static String catalogueWithModes() {
    return "tools: {fake: {acp: {command: %1$s}}, moded: {acp: {command: %2$s}, headless: {command:"
            .formatted(command(), command().replaceFirst("]$", ", modes]"))
        + " [echo, \"{prompt}\"]}}}";
  }

  /** The command that starts it, for a shell. */
  static String shellCommand() {
    return "'%s' -XX:TieredStopAtLevel=1 -cp '%s' '%s'"
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            FakeAcpAgent.class.getName());
  }

  /** Talks until its input ends. */
  public static void main(String[] arguments) throws Exception {
    final FakeAcpAgent agent = new FakeAcpAgent(arguments.length > 0);
    for (@Nullable JsonNode message = agent.read(); message != null; message = agent.read()) {
      agent.take(message);
    }
  }

  private @Nullable JsonNode read() throws IOException {
    final String line = in.readLine();
    return line == null ? null : JSON.readTree(line);
  }

  private static void write(ObjectNode message) throws IOException {
    System.out.println(JSON.writeValueAsString(message.put("jsonrpc", "2.0")));
    System.out.flush();
  }

  private void take(JsonNode message) throws Exception {
    final JsonNode params = message.path("params");
    switch (message.path("method").asText()) {
      case "initialize" ->
          answer(
              message,
              """
              {"protocolVersion": 1, "agentCapabilities":
                {"loadSession": true, "promptCapabilities": {"image": true}}}
              """);
      case "session/new" -> {
        session = "conversation-" + ProcessHandle.current().pid();
        answer(message, "{\"sessionId\": \"" + session + "\"" + modes() + "}");
      }
      case "session/load" -> {
        session = params.path("sessionId").asText();
        if (!Files.exists(Path.of(session))) {
          error(message, "there is no such conversation");
          return;
        }
        update("agent_message_chunk", "an old answer");
        answer(message, hasModes ? "{" + modes().substring(1) + "}" : "null");
      }
      case "session/set_mode" -> {
        mode = params.path("modeId").asText();
        answer(message, "{}");
      }
      case "session/prompt" -> prompt(message, params.path("prompt"));
      default -> {}
    }
  }

  /** More of the answer that says which session it is. */
  private String modes() {
    return hasModes
        ? """
        ,"modes": {"currentModeId": "%s", "availableModes":
          [{"id": "ask", "name": "Ask", "description": "Asks first"}, {"id": "plan", "name": "Plan"}]}
        """
            .formatted(mode)
        : "";
  }

  private void prompt(JsonNode message, JsonNode prompt) throws Exception {
    final String text = prompt.path(0).path("text").asText();
    Files.writeString(
        Path.of(session),
        text + "\n",
        java.nio.file.StandardOpenOption.CREATE,
        java.nio.file.StandardOpenOption.APPEND);
    final String rest = text.substring(text.indexOf(' ') + 1);
    String reason = "end_turn";
    switch (text.substring(0, Math.max(0, text.indexOf(' ')))) {
      case "say" -> update("agent_message_chunk", rest);
      case "work" -> {
        // What it does meanwhile, in milliseconds.
        Thread.sleep(Long.parseLong(rest));
        update("agent_message_chunk", "worked");
      }
      case "recall" ->
          update("agent_message_chunk", String.join("|", Files.readAllLines(Path.of(session))));
      case "pictures" -> {
        final StringBuilder seen = new StringBuilder();
        prompt.forEach(block -> {
          if (block.path("type").asText().equals("image")) {
            seen.append(block.path("mimeType").asText())
                .append(' ')
                .append(block.path("data").asText().length())
                .append(';');
          }
        });
        update("agent_message_chunk", seen.toString());
      }
      case "mode" -> update("agent_message_chunk", mode);
      case "switch" -> switchMode(rest);
      case "leave" -> {
        awaitCancel();
        switchMode(rest);
      }
      case "ask" -> reason = ask(rest);
      case "draw" -> draw(rest);
      case "wait" -> {
        awaitCancel();
        reason = "cancelled";
      }
      case "deaf" -> {
        update("agent_message_chunk", "deaf");
        while (read() != null) {
          // It hears nothing.
        }
      }
      case "fail" -> {
        error(message, rest);
        return;
      }
      case "exit" -> {
        update("agent_message_chunk", "Half");
        System.err.println("I end with " + rest + ".");
        System.exit(Integer.parseInt(rest));
      }
      default -> throw new IllegalArgumentException(text);
    }
    answer(message, "{\"stopReason\": \"" + reason + "\"}");
  }

  private void awaitCancel() throws IOException {
    update("agent_message_chunk", "waiting");
    @Nullable JsonNode next = read();
    while (next != null && !next.path("method").asText().equals("session/cancel")) {
      next = read();
    }
  }

  private void switchMode(String to) throws IOException {
    mode = to;
    final ObjectNode message = JSON.createObjectNode().put("method", "session/update");
    message
        .putObject("params")
        .put("sessionId", session)
        .putObject("update")
        .put("sessionUpdate", "current_mode_update")
        .put("currentModeId", to);
    write(message);
  }

  /** A tool call that makes a file, and says so by its place or its input only. */
  private void draw(String path) throws IOException {
    final ObjectNode message = JSON.createObjectNode().put("method", "session/update");
    final ObjectNode update =
        message.putObject("params").put("sessionId", session).putObject("update");
    update
        .put("sessionUpdate", "tool_call")
        .put("toolCallId", "call-" + ++calls)
        .put("title", "draw")
        .put("kind", "edit");
    if (path.startsWith("/")) {
      update.withArray("locations").addObject().put("path", path);
    } else {
      update.putObject("rawInput").put("file", path);
    }
    write(message);
    Files.write(Path.of(path), new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    update("agent_message_chunk", "It is ");
    update("agent_message_chunk", "drawn.");
  }

  private String ask(String tool) throws IOException {
    final String call = "call-" + ++calls;
    final ObjectNode asked = JSON.createObjectNode();
    asked.put("id", 1000 + calls).put("method", "session/request_permission");
    final ObjectNode params = asked.putObject("params").put("sessionId", session);
    params
        .putObject("toolCall")
        .put("toolCallId", call)
        .put("title", "run " + tool)
        .put("kind", tool)
        .putObject("rawInput")
        .put("command", tool);
    for (String option : List.of("allow_once", "reject_once")) {
      params
          .withArray("options")
          .addObject()
          .put("optionId", "opt-" + option)
          .put("name", option)
          .put("kind", option);
    }
    write(asked);
    final JsonNode outcome =
        java.util.Objects.requireNonNull(read()).path("result").path("outcome");
    if (outcome.path("outcome").asText().equals("cancelled")) {
      return "cancelled";
    }
    update("agent_message_chunk", "answer " + outcome.path("optionId").asText());
    return "end_turn";
  }

  private void update(String kind, String text) throws IOException {
    final ObjectNode message = JSON.createObjectNode().put("method", "session/update");
    final ObjectNode update =
        message.putObject("params").put("sessionId", session).putObject("update");
    update.put("sessionUpdate", kind).putObject("content").put("type", "text").put("text", text);
    write(message);
  }

  private static void answer(JsonNode request, String result) throws IOException {
    final ObjectNode message = JSON.createObjectNode();
    message.set("id", request.path("id"));
    message.set("result", JSON.readTree(result));
    write(message);
  }

  private static void error(JsonNode request, String text) throws IOException {
    final ObjectNode message = JSON.createObjectNode();
    message.set("id", request.path("id"));
    message.putObject("error").put("code", -32000).put("message", text);
    write(message);
  }
}

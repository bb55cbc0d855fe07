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
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An agent in a process of its own that speaks the Agent Client Protocol and does as its prompts
 * say: {@code say TEXT}, {@code ask TOOL}, {@code bloat TOOL} with 17 MiB in an option's name,
 * {@code use TOOL} with all that agents tell of it, {@code wait} for a cancel, {@code deaf} to it,
 * {@code exit CODE}, {@code fail TEXT}, {@code recall} all prompts of the conversation, {@code
 * pictures} how many came and how large. With modes, {@code mode} says the one that it is in, and
 * {@code switch MODE} changes it by itself, {@code leave MODE} at a cancel. Its conversations are
 * files in the working directory.
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
  public static String catalogue() {
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
        say("an old answer");
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
    String usage = "";
    switch (text.substring(0, Math.max(0, text.indexOf(' ')))) {
      case "say" -> say(rest);
      case "work" -> {
        // What it does meanwhile, in milliseconds.
        Thread.sleep(Long.parseLong(rest));
        say("worked");
      }
      case "recall" -> say(String.join("|", Files.readAllLines(Path.of(session))));
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
        say(seen.toString());
      }
      case "mode" -> say(mode);
      case "switch" -> switchMode(rest);
      case "leave" -> {
        awaitCancel();
        switchMode(rest);
      }
      case "ask" -> reason = ask(rest, "");
      case "bloat" -> reason = ask(rest, "!".repeat(17 << 20));
      case "use" -> {
        reason = use(rest);
        usage = ", \"usage\": {\"inputTokens\": 12, \"outputTokens\": 7, \"totalTokens\": 19}";
      }
      case "draw" -> draw(rest);
      case "wait" -> {
        awaitCancel();
        reason = "cancelled";
      }
      case "deaf" -> {
        say("deaf");
        while (read() != null) {
          // It hears nothing.
        }
      }
      case "fail" -> {
        error(message, rest);
        return;
      }
      case "exit" -> {
        say("Half");
        System.err.println("I end with " + rest + ".");
        System.exit(Integer.parseInt(rest));
      }
      default -> throw new IllegalArgumentException(text);
    }
    answer(message, "{\"stopReason\": \"" + reason + "\"" + usage + "}");
  }

  private void awaitCancel() throws IOException {
    say("waiting");
    @Nullable JsonNode next = read();
    while (next != null && !next.path("method").asText().equals("session/cancel")) {
      next = read();
    }
  }

  private void switchMode(String to) throws IOException {
    mode = to;
    update("current_mode_update", update -> update.put("currentModeId", to));
  }

  /** A tool call that makes a file, and says so by its place or its input only. */
  private void draw(String path) throws IOException {
    final String call = "call-" + ++calls;
    update(
        "tool_call",
        update -> {
          update.put("toolCallId", call).put("title", "draw").put("kind", "edit");
          if (path.startsWith("/")) {
            update.withArray("locations").addObject().put("path", path);
          } else {
            update.putObject("rawInput").put("file", path);
          }
        });
    Files.write(Path.of(path), new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    say("It is ");
    say("drawn.");
  }

  private String ask(String tool, String more) throws IOException {
    final String chosen = permission("call-" + ++calls, tool, more);
    if (chosen.isEmpty()) {
      return "cancelled";
    }
    say("answer " + chosen);
    return "end_turn";
  }

  /** A tool call that it asks about and what became of it, with all that agents say around that. */
  private String use(String tool) throws IOException {
    final String call = "call-" + ++calls;
    update("agent_thought_chunk", update -> text(update.putObject("content"), "Hm, " + tool + "."));
    update(
        "tool_call",
        update ->
            update
                .put("toolCallId", call)
                .put("title", "run " + tool)
                .put("kind", "execute")
                .putObject("rawInput")
                .put("command", tool));
    final String chosen = permission(call, tool, "");
    final boolean allowed = chosen.equals("opt-allow_once");
    update(
        "tool_call_update",
        update ->
            text(
                update
                    .put("toolCallId", call)
                    .put("status", allowed ? "completed" : "failed")
                    .withArray("content")
                    .addObject()
                    .put("type", "content")
                    .putObject("content"),
                allowed ? tool + " ran" : tool + " may not run"));
    say(allowed ? "It " : "It may ");
    say(allowed ? "ran." : "not run.");
    return chosen.isEmpty() ? "cancelled" : "end_turn";
  }

  /** Asks, and returns the option that was chosen; empty for none, as the turn is cancelled. */
  private String permission(String call, String tool, String more) throws IOException {
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
          .put("name", option.startsWith("allow") ? option + more : option)
          .put("kind", option);
    }
    write(asked);
    final JsonNode outcome = Objects.requireNonNull(read()).path("result").path("outcome");
    return outcome.path("optionId").asText();
  }

  private void say(String text) throws IOException {
    update("agent_message_chunk", update -> text(update.putObject("content"), text));
  }

  private static void text(ObjectNode content, String text) {
    content.put("type", "text").put("text", text);
  }

  private void update(String kind, Consumer<ObjectNode> more) throws IOException {
    final ObjectNode message = JSON.createObjectNode().put("method", "session/update");
    final ObjectNode params = message.putObject("params").put("sessionId", session);
    more.accept(params.putObject("update").put("sessionUpdate", kind));
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

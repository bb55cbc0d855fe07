package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An agent: how it is run, and what its model calls the tool that runs commands. */
enum Agent {
  CLAUDE("Bash", "command", "haiku", "haiku") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.claude(folder, model, asks);
    }

    @Override
    List<String> headless(String prompt) {
      return List.of("claude", "-p", prompt, "--output-format", "stream-json", "--verbose");
    }

    @Override
    List<String> resume(String sessionId, String model, String prompt) {
      return List.of(
          "claude",
          "-p",
          prompt,
          "--resume",
          sessionId,
          "--model",
          model,
          "--output-format",
          "stream-json",
          "--verbose");
    }

    @Override
    List<String> acp() {
      return List.of("claude-agent-acp");
    }

    @Override
    String sessionIdIn(JsonNode line) {
      return line.path("session_id").asText();
    }

    @Override
    String textIn(JsonNode line) {
      return line.path("result").asText();
    }
  },

  CODEX("exec_command", "cmd", "gpt-5.5", "gpt-5.5") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.codex(folder, model, asks);
    }

    @Override
    List<String> headless(String prompt) {
      return List.of("codex", "exec", "--json", "--skip-git-repo-check", prompt);
    }

    @Override
    List<String> resume(String sessionId, String model, String prompt) {
      return List.of(
          "codex",
          "exec",
          "resume",
          "--json",
          "--skip-git-repo-check",
          "--model",
          model,
          sessionId,
          prompt);
    }

    @Override
    List<String> acp() {
      return List.of("codex-acp");
    }

    @Override
    String sessionIdIn(JsonNode line) {
      return line.path("thread_id").asText();
    }

    @Override
    String textIn(JsonNode line) {
      JsonNode item = line.path("item");
      return item.path("type").asText().equals("agent_message") ? item.path("text").asText() : "";
    }
  },

  OPENCODE("bash", "command", AgentHome.OTHER_MODEL, "loopback/" + AgentHome.OTHER_MODEL) {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.opencode(folder, model, asks);
    }

    @Override
    List<String> headless(String prompt) {
      return List.of("opencode", "run", "--format", "json", prompt);
    }

    @Override
    List<String> resume(String sessionId, String model, String prompt) {
      return List.of(
          "opencode",
          "run",
          "--format",
          "json",
          "--session",
          sessionId,
          "--model",
          "loopback/" + model,
          prompt);
    }

    @Override
    List<String> acp() {
      return List.of("opencode", "acp");
    }

    @Override
    String sessionIdIn(JsonNode line) {
      return line.path("sessionID").asText();
    }

    @Override
    String textIn(JsonNode line) {
      return line.path("part").path("text").asText();
    }
  },

  GEMINI("run_shell_command", "command", "gemini-2.5-pro", "gemini-2.5-pro") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.gemini(folder, model, asks);
    }

    @Override
    List<String> headless(String prompt) {
      return List.of("gemini", "--output-format", "stream-json", "--prompt=" + prompt);
    }

    @Override
    List<String> resume(String sessionId, String model, String prompt) {
      return List.of(
          "gemini",
          "--output-format",
          "stream-json",
          "--resume",
          sessionId,
          "--model",
          model,
          "--prompt=" + prompt);
    }

    @Override
    List<String> acp() {
      return List.of("gemini", "--acp");
    }

    @Override
    String sessionIdIn(JsonNode line) {
      return line.path("session_id").asText();
    }

    @Override
    String textIn(JsonNode line) {
      return line.path("role").asText().equals("assistant") ? line.path("content").asText() : "";
    }
  };

  private final String shell;
  private final String argument;
  private final String otherModel;
  private final String acpModel;

  Agent(String shell, String argument, String otherModel, String acpModel) {
    this.shell = shell;
    this.argument = argument;
    this.otherModel = otherModel;
    this.acpModel = acpModel;
  }

  /** With its settings in this folder. */
  abstract AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException;

  /** The command line of a turn in a new session; it ends with the turn. */
  abstract List<String> headless(String prompt);

  /** The command line of a turn in an earlier session. */
  abstract List<String> resume(String sessionId, String model, String prompt);

  /** The command line that speaks the Agent Client Protocol. */
  abstract List<String> acp();

  /** The session's id, if this line of the headless form's output says it; else empty. */
  abstract String sessionIdIn(JsonNode line);

  /** What the model has said, if this line of the headless form's output says it; else empty. */
  abstract String textIn(JsonNode line);

  /** The model's wish to run this command of a shell. */
  Reply runs(String command) {
    return Reply.tool(shell, Map.of(argument, command, "description", "Runs a command"));
  }

  /** The same where the agent is to ask first: Codex's model says itself that it must. */
  Reply asksToRun(String command) {
    return this == CODEX
        ? Reply.tool(
            shell,
            Map.of(
                argument,
                command,
                "sandbox_permissions",
                "require_escalated",
                "justification",
                "May it be written?"))
        : runs(command);
  }

  /** Part of the name of a model that is not the one it is set to; good as an argument. */
  String otherModel() {
    return otherModel;
  }

  /** The value of its option {@code model} that stands for the other one. */
  String acpModel() {
    return acpModel;
  }
}

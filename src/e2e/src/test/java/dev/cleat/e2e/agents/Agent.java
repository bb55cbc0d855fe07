package dev.cleat.e2e.agents;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** An agent: how it is run, and what its model calls the tool that runs commands. */
enum Agent {
  CLAUDE("Bash", "command", "haiku", "haiku") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.claude(folder, model, asks);
    }
  },

  CODEX("exec_command", "cmd", "gpt-5.5", "gpt-5.5") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.codex(folder, model, asks);
    }
  },

  OPENCODE("bash", "command", AgentHome.OTHER_MODEL, "loopback/" + AgentHome.OTHER_MODEL) {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.opencode(folder, model, asks);
    }
  },

  GEMINI("run_shell_command", "command", "gemini-2.5-pro", "gemini-2.5-pro") {
    @Override
    AgentHome home(Path folder, ModelApi model, AgentHome.Asks asks) throws IOException {
      return AgentHome.gemini(folder, model, asks);
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

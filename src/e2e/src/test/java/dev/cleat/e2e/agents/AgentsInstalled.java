package dev.cleat.e2e.agents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests, and says why, where the agents are not installed or could reach more than loopback.
 */
final class AgentsInstalled implements ExecutionCondition {
  private static final List<String> PROGRAMS =
      List.of("claude", "codex", "opencode", "gemini", "claude-agent-acp", "codex-acp");

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    for (String program : PROGRAMS) {
      if (!Files.isExecutable(AgentHome.program(program))) {
        return ConditionEvaluationResult.disabled(
            "needs " + program + ": npm ci --prefix src/e2e/agents");
      }
    }
    if (!isOffline()) {
      return ConditionEvaluationResult.disabled(
          "needs a network of its own: unshare -n, or unshare -rn, and ip link set lo up");
    }
    return ConditionEvaluationResult.enabled("all agents are here, and nothing but loopback");
  }

  /** No network interface is up but loopback, and that is. */
  static boolean isOffline() {
    try {
      List<NetworkInterface> up =
          NetworkInterface.networkInterfaces().filter(AgentsInstalled::isUp).toList();
      return !up.isEmpty() && up.stream().allMatch(AgentsInstalled::isLoopback);
    } catch (SocketException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  private static boolean isUp(NetworkInterface network) {
    try {
      return network.isUp();
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isLoopback(NetworkInterface network) {
    try {
      return network.isLoopback();
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }
}

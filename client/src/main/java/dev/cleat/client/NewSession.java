package dev.cleat.client;

import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.TerminalSize;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a new session shall be. Only the tool is needed; limits are checked by the server. Not safe
 * for use by several threads at once.
 */
public final class NewSession {
  private final CreateRequest.Builder request;

  private NewSession(String tool) {
    request = CreateRequest.newBuilder().setTool(tool);
  }

  /** A session that runs this tool of the catalogue, such as {@code bash}. */
  public static NewSession of(String tool) {
    return new NewSession(tool);
  }

  /** Its name, unique among the tenant's sessions that exist. */
  public NewSession name(String name) {
    request.setName(name);
    return this;
  }

  /** Its id; without one the server makes it. */
  public NewSession id(String id) {
    request.setSessionId(id);
    return this;
  }

  /** Arguments after the tool's own. */
  public NewSession args(List<String> args) {
    request.clearArgs().addAllArgs(args);
    return this;
  }

  /** The working directory on the server, absolute; without one the session gets its own. */
  public NewSession workdir(String workdir) {
    request.setWorkdir(workdir);
    return this;
  }

  /** An environment variable of the process. */
  public NewSession env(String name, String value) {
    request.putEnv(name, value);
    return this;
  }

  /** Environment variables of the process. */
  public NewSession env(Map<String, String> env) {
    request.putAllEnv(env);
    return this;
  }

  /** A label. */
  public NewSession label(String key, String value) {
    request.putLabels(key, value);
    return this;
  }

  /** The terminal's size in characters, 1 to 4,096 each; 24 × 80 without. */
  public NewSession size(int rows, int columns) {
    request.setSize(TerminalSize.newBuilder().setRows(rows).setColumns(columns));
    return this;
  }

  /** On a terminal, or on pipes when the server has no terminal left. */
  public NewSession onTerminalOrPipes() {
    request.setMode(SessionMode.SESSION_MODE_PTY_OR_PIPES);
    return this;
  }

  /** On pipes, with standard output and standard error apart, instead of on a terminal. */
  public NewSession onPipes() {
    request.setMode(SessionMode.SESSION_MODE_PIPES);
    return this;
  }

  /** The workspace to group it under. */
  public NewSession workspace(String workspace) {
    request.setWorkspace(workspace);
    return this;
  }

  /** The parent session's id. */
  public NewSession parent(String sessionId) {
    request.setParentId(sessionId);
    return this;
  }

  /** Close it after this long without output, turn or client. */
  public NewSession idleTimeout(Duration timeout) {
    request.setIdleTimeout(Times.of(timeout));
    return this;
  }

  /** Close it this long after its process started. */
  public NewSession lifetime(Duration lifetime) {
    request.setLifetime(Times.of(lifetime));
    return this;
  }

  /** How the tool is to take prompts; without one, the best way that it has here. */
  public NewSession way(PromptWay way) {
    request.setPromptWay(way.raw());
    return this;
  }

  /** The mode that the agent is to be in from its first prompt on, by the agent's id for it. */
  public NewSession agentMode(String mode) {
    request.setAgentMode(mode);
    return this;
  }

  /**
   * The tool's own session to go on with: what {@link SessionInfo#resumeToken} of another session
   * says. Only for agents.
   */
  public NewSession resumeToken(String token) {
    request.setResumeToken(token);
    return this;
  }

  /** What becomes of it when its process goes down with the server; without one, it stays lost. */
  public NewSession revive(RevivePolicy policy) {
    request.setRevive(policy.raw());
    return this;
  }

  /**
   * Prompts that are handed to the tool by themselves, once, as the session's first turns: for a
   * shell, commands. Up to 20, in this order.
   */
  public NewSession startPrompts(List<String> prompts) {
    request.clearStartPrompts().addAllStartPrompts(prompts);
    return this;
  }

  /** The model that the agent is to use, as its tool names it. */
  public NewSession model(String model) {
    request.setModel(model);
    return this;
  }

  /** What the agent is told that it is, such as "reviewer"; only for tools that can be told. */
  public NewSession role(String role) {
    request.setRole(role);
    return this;
  }

  /** The address of the model's API, for tools that can be told: http or https. */
  public NewSession endpoint(String url) {
    request.setEndpoint(url);
    return this;
  }

  /** Allows what these rules say without asking; other questions wait for 5 minutes. */
  public NewSession approvals(List<ApprovalRule> autoApprove) {
    request.getApprovalsBuilder().clearAutoApprove().addAllAutoApprove(raw(autoApprove));
    return this;
  }

  /**
   * Allows what these rules say without asking; other questions are denied when nobody has answered
   * them after this long, 1 s to 24 h.
   */
  public NewSession approvals(List<ApprovalRule> autoApprove, Duration timeout) {
    request.setApprovals(
        ApprovalSettings.newBuilder()
            .addAllAutoApprove(raw(autoApprove))
            .setTimeout(Times.of(timeout)));
    return this;
  }

  /** Take the session with this name if there is one. */
  public NewSession getOrCreate(String name) {
    request.setName(name).setGetOrCreate(true);
    return this;
  }

  /**
   * Names this creation, for retries beyond this library's own: for 24 hours a second creation with
   * the same id returns the session of the first. Without one, a random id makes the library's own
   * retries safe.
   */
  public NewSession requestId(String requestId) {
    request.setRequestId(requestId);
    return this;
  }

  /** Whatever else the contract has. */
  public NewSession customize(Consumer<CreateRequest.Builder> change) {
    change.accept(request);
    return this;
  }

  private static List<dev.cleat.v1.ApprovalRule> raw(List<ApprovalRule> rules) {
    return rules.stream().map(ApprovalRule::raw).toList();
  }

  CreateRequest toRequest() {
    CreateRequest.Builder copy = request.clone();
    if (copy.getRequestId().isEmpty()) {
      copy.setRequestId(UUID.randomUUID().toString());
    }
    return copy.build();
  }
}

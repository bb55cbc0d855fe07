package dev.cleat.client;

import com.google.protobuf.FieldMask;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.Retention;
import dev.cleat.v1.UpdateRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * New settings of a session; what is not said stays. Not safe for use by several threads at once.
 */
public final class SessionSettings {
  private final dev.cleat.v1.Session.Builder session = dev.cleat.v1.Session.newBuilder();
  private final FieldMask.Builder mask = FieldMask.newBuilder();

  /** No changes yet. */
  public SessionSettings() {}

  /** Another name; none when empty. */
  public SessionSettings name(String name) {
    return customize(s -> s.setName(name), "name");
  }

  /** These labels instead of those it has. */
  public SessionSettings labels(Map<String, String> labels) {
    return customize(s -> s.clearLabels().putAllLabels(labels), "labels");
  }

  /** Another model. */
  public SessionSettings model(String model) {
    return customize(s -> s.setModel(model), "model");
  }

  /**
   * Another mode of the agent, by its id; empty for the agent's own choice. From the next prompt
   * on.
   */
  public SessionSettings agentMode(String mode) {
    return customize(s -> s.setAgentMode(mode), "agent_mode");
  }

  /**
   * Another role, from the next start of its process on, or the next turn of an agent that is run
   * once for each; empty for none. An agent that goes on with a conversation may keep to the role
   * that this began with.
   */
  public SessionSettings role(String role) {
    return customize(s -> s.setRole(role), "role");
  }

  /** Another workspace. */
  public SessionSettings workspace(String workspace) {
    return customize(s -> s.setWorkspace(workspace), "workspace");
  }

  /** Close it after this long without output, turn or client; zero for never. */
  public SessionSettings idleTimeout(Duration timeout) {
    return customize(s -> s.setIdleTimeout(Times.of(timeout)), "idle_timeout");
  }

  /** Close it this long after its process started; zero for never. */
  public SessionSettings lifetime(Duration lifetime) {
    return customize(s -> s.setLifetime(Times.of(lifetime)), "lifetime");
  }

  /** What becomes of it when its process goes down with the server. */
  public SessionSettings revive(RevivePolicy policy) {
    return customize(s -> s.setRevive(policy.raw()), "revive");
  }

  /**
   * These rules instead of those it has; other questions are denied when nobody has answered them
   * after this long, 1 s to 24 h. Counts from the next question on.
   */
  public SessionSettings approvals(List<ApprovalRule> autoApprove, Duration timeout) {
    ApprovalSettings.Builder approvals =
        ApprovalSettings.newBuilder().setTimeout(Times.of(timeout));
    autoApprove.forEach(rule -> approvals.addAutoApprove(rule.raw()));
    return customize(s -> s.setApprovals(approvals), "approvals");
  }

  /**
   * Keep about so many bytes of its journal, and events about so long; zero for the server's
   * default.
   */
  public SessionSettings retention(long bytes, Duration age) {
    return customize(
        s -> s.setRetention(Retention.newBuilder().setMaxBytes(bytes).setMaxAge(Times.of(age))),
        "retention");
  }

  /**
   * Whatever else the contract has.
   *
   * @param change sets the new values
   * @param fields the names of the fields that it sets
   */
  public SessionSettings customize(
      Consumer<dev.cleat.v1.Session.Builder> change, String... fields) {
    change.accept(session);
    for (String field : fields) {
      if (!mask.getPathsList().contains(field)) {
        mask.addPaths(field);
      }
    }
    return this;
  }

  UpdateRequest toRequest(String sessionId) {
    return UpdateRequest.newBuilder()
        .setSessionId(sessionId)
        .setSession(session)
        .setUpdateMask(mask)
        .build();
  }
}

package dev.cleat.client;

import com.google.protobuf.FieldMask;
import dev.cleat.v1.Retention;
import dev.cleat.v1.UpdateRequest;
import java.time.Duration;
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

  /** Another role. */
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

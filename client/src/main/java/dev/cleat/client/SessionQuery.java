package dev.cleat.client;

import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import java.util.function.Consumer;

/**
 * Which sessions: what is said must all be true. Without anything, all that are not internal.
 * Immutable: each method returns a changed copy.
 */
public final class SessionQuery {
  private static final SessionQuery ALL = new SessionQuery(SessionFilter.getDefaultInstance());

  private final SessionFilter filter;

  private SessionQuery(SessionFilter filter) {
    this.filter = filter;
  }

  /** All that are not internal. */
  public static SessionQuery all() {
    return ALL;
  }

  /** In one of these states. */
  public SessionQuery states(SessionInfo.State... states) {
    SessionFilter.Builder changed = filter.toBuilder().clearStates();
    for (SessionInfo.State state : states) {
      if (state == SessionInfo.State.UNKNOWN) {
        throw new IllegalArgumentException("no session is in the state UNKNOWN");
      }
      changed.addStates(SessionState.valueOf("SESSION_STATE_" + state.name()));
    }
    return new SessionQuery(changed.build());
  }

  /** Of this tool. */
  public SessionQuery tool(String tool) {
    return customize(f -> f.setTool(tool));
  }

  /** In this workspace. */
  public SessionQuery workspace(String workspace) {
    return customize(f -> f.setWorkspace(workspace));
  }

  /** Children of this session. */
  public SessionQuery parent(String sessionId) {
    return customize(f -> f.setParentId(sessionId));
  }

  /** With this label, beside others that were named. */
  public SessionQuery label(String key, String value) {
    return customize(f -> f.putLabels(key, value));
  }

  /** With a name that starts so. */
  public SessionQuery namePrefix(String prefix) {
    return customize(f -> f.setNamePrefix(prefix));
  }

  /** Internal ones too. */
  public SessionQuery includeInternal() {
    return customize(f -> f.setIncludeInternal(true));
  }

  /** Whatever else the contract has. */
  public SessionQuery customize(Consumer<SessionFilter.Builder> change) {
    SessionFilter.Builder changed = filter.toBuilder();
    change.accept(changed);
    return new SessionQuery(changed.build());
  }

  SessionFilter toFilter() {
    return filter;
  }
}

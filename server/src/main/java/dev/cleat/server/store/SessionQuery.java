package dev.cleat.server.store;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions. What is set must all be true.
 *
 * @param tenant of this tenant, or null
 * @param owner owned by this one, or null
 * @param states in one of these states; empty: in any
 * @param tool of this tool, or null
 * @param workspace in this workspace, or null
 * @param parentId children of this session, or null
 * @param labels with all of these labels
 * @param namePrefix with a name that starts with exactly this, case included; no character has a
 *     meaning of its own; empty: with any name or none
 * @param includeInternal internal ones too
 */
public record SessionQuery(
    @Nullable String tenant,
    @Nullable String owner,
    Set<Integer> states,
    @Nullable String tool,
    @Nullable String workspace,
    @Nullable String parentId,
    Map<String, String> labels,
    String namePrefix,
    boolean includeInternal) {
  /** Every session, internal ones too. */
  public static final SessionQuery ALL =
      new SessionQuery(null, null, Set.of(), null, null, null, Map.of(), "", true);

  public SessionQuery {
    states = Set.copyOf(states);
    labels = Map.copyOf(labels);
  }

  /** The same, and in one of these states. */
  public SessionQuery inStates(Set<Integer> some) {
    return new SessionQuery(
        tenant, owner, some, tool, workspace, parentId, labels, namePrefix, includeInternal);
  }

  /** The same, and children of this session. */
  public SessionQuery below(String parent) {
    return new SessionQuery(
        tenant, owner, states, tool, workspace, parent, labels, namePrefix, includeInternal);
  }
}

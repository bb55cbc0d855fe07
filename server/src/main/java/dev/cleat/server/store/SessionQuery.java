package dev.cleat.server.store;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions. What is set must all be true.
 *
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
    Set<Integer> states,
    @Nullable String tool,
    @Nullable String workspace,
    @Nullable String parentId,
    Map<String, String> labels,
    String namePrefix,
    boolean includeInternal) {
  /** Every session, internal ones too. */
  public static final SessionQuery ALL =
      new SessionQuery(Set.of(), null, null, null, Map.of(), "", true);

  public SessionQuery {
    states = Set.copyOf(states);
    labels = Map.copyOf(labels);
  }
}

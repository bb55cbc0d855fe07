package dev.cleat.server.store;

import java.util.List;

/**
 * A session's state after more events of its journal: what {@link Store#saveFold} writes.
 *
 * @param session the session; what {@link SessionRow} calls fixed is not written
 * @param turns turns of this session that are new or have changed
 * @param removedTurnIds turns of this session that are no more, such as those of a journal's lost
 *     tail; removed before {@code turns} are written
 */
public record FoldUpdate(SessionRow session, List<TurnRow> turns, List<String> removedTurnIds) {
  public FoldUpdate {
    turns = List.copyOf(turns);
    removedTurnIds = List.copyOf(removedTurnIds);
    for (TurnRow turn : turns) {
      if (!turn.sessionId().equals(session.id())) {
        throw new IllegalArgumentException("A turn of " + turn.sessionId() + " in " + session.id());
      }
    }
  }

  /** An update that removes no turns. */
  public FoldUpdate(SessionRow session, List<TurnRow> turns) {
    this(session, turns, List.of());
  }
}

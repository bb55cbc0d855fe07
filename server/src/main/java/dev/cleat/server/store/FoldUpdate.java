package dev.cleat.server.store;

import java.util.List;
import java.util.stream.Stream;

/**
 * A session's state after more events of its journal: what {@link Store#saveFold} writes.
 *
 * @param session the session; what {@link SessionRow} calls fixed is not written
 * @param turns turns of this session that are new or have changed
 * @param amendedTurns turns of this session that have changed, and are written only if they have
 *     not been deleted meanwhile
 * @param removedTurnIds turns of this session that are no more, such as those of a journal's lost
 *     tail; removed before {@code turns} are written
 * @param artifacts media files of this session that are new or have changed
 * @param removedArtifactIds media files of this session that are no more; removed before {@code
 *     artifacts} are written
 * @param requests ids of requests for some of {@code turns}: they are written with their turns if
 *     they are not known yet, also where the session is stale, but for one that is gone
 */
public record FoldUpdate(
    SessionRow session,
    List<TurnRow> turns,
    List<TurnRow> amendedTurns,
    List<String> removedTurnIds,
    List<ArtifactRow> artifacts,
    List<String> removedArtifactIds,
    List<RequestRow> requests) {
  public FoldUpdate {
    turns = List.copyOf(turns);
    amendedTurns = List.copyOf(amendedTurns);
    removedTurnIds = List.copyOf(removedTurnIds);
    artifacts = List.copyOf(artifacts);
    removedArtifactIds = List.copyOf(removedArtifactIds);
    requests = List.copyOf(requests);
    Stream.concat(turns.stream(), amendedTurns.stream())
        .forEach(turn -> {
          if (!turn.sessionId().equals(session.id())) {
            throw new IllegalArgumentException(
                "A turn of " + turn.sessionId() + " in " + session.id());
          }
        });
    for (ArtifactRow artifact : artifacts) {
      if (!artifact.sessionId().equals(session.id())) {
        throw new IllegalArgumentException(
            "A file of " + artifact.sessionId() + " in " + session.id());
      }
    }
  }

  /** An update that removes no turns and is about no files. */
  public FoldUpdate(SessionRow session, List<TurnRow> turns) {
    this(session, turns, List.of());
  }

  /** An update that is about no files. */
  public FoldUpdate(SessionRow session, List<TurnRow> turns, List<String> removedTurnIds) {
    this(session, turns, List.of(), removedTurnIds, List.of(), List.of(), List.of());
  }
}

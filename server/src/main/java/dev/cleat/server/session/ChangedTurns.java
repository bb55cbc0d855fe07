package dev.cleat.server.session;

import dev.cleat.v1.Turn;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The turns of a session that have changed since they were last saved. Part of the {@link Fold},
 * and like it confined to the session's lock.
 *
 * <p>A turn that was saved with its end may be trimmed at any moment; what is added to it later
 * must not bring it back. So it is kept apart from those that the database may not have yet.
 */
final class ChangedTurns {
  private final Map<String, Turn> changed = new LinkedHashMap<>();
  private final Map<String, Turn> amended = new LinkedHashMap<>();

  /**
   * What is to be saved.
   *
   * @param changed turns that are new, or were saved without their end
   * @param amended turns that were saved with their end, and may be gone since
   */
  record Unsaved(List<Turn> changed, List<Turn> amended) {}

  /** A turn that has not been saved with its end. */
  void changed(Turn turn) {
    changed.put(turn.getId(), turn);
  }

  /** A turn that has ended, with what was added to it. */
  void amended(Turn turn) {
    (changed.containsKey(turn.getId()) ? changed : amended).put(turn.getId(), turn);
  }

  @Nullable Turn find(String id) {
    final Turn turn = changed.get(id);
    return turn != null ? turn : amended.get(id);
  }

  /** All of them. */
  Stream<Turn> all() {
    return Stream.concat(changed.values().stream(), amended.values().stream());
  }

  Unsaved unsaved() {
    return new Unsaved(List.copyOf(changed.values()), List.copyOf(amended.values()));
  }

  /** These, as they are here, are in the database. */
  void saved(Unsaved what) {
    what.amended().forEach(turn -> amended.remove(turn.getId(), turn));
    for (Turn turn : what.changed()) {
      if (!changed.remove(turn.getId(), turn) && Fold.ended(turn.getState())) {
        final Turn since = changed.remove(turn.getId());
        if (since != null) {
          amended.put(since.getId(), since);
        }
      }
    }
  }
}

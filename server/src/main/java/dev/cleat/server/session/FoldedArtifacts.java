package dev.cleat.server.session;

import dev.cleat.v1.Artifact;
import dev.cleat.v1.ArtifactFound;
import dev.cleat.v1.ArtifactRemoved;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The media files that a session's journal comes to, and which of them have changed since they were
 * last saved. Part of the {@link Fold}, and like it confined to the session's lock.
 */
final class FoldedArtifacts {
  private final Map<String, Kept> kept = new LinkedHashMap<>();
  private final Set<String> unsaved = new LinkedHashSet<>();
  private final Set<String> unsavedRemovals = new LinkedHashSet<>();

  /**
   * A file that is kept track of.
   *
   * @param number that of the event which first found it
   */
  record Kept(Artifact artifact, long number) {}

  /** What is to be saved. */
  record Unsaved(List<Kept> files, List<String> removedIds) {}

  /**
   * As they were saved.
   *
   * @param saved oldest first
   */
  FoldedArtifacts(Collection<Kept> saved) {
    saved.forEach(file -> kept.put(file.artifact().getId(), file));
  }

  void apply(ArtifactFound found, long seq) {
    final String id = found.getArtifact().getId();
    final Kept known = kept.get(id);
    kept.put(id, new Kept(found.getArtifact(), known == null ? seq : known.number()));
    unsaved.add(id);
  }

  void apply(ArtifactRemoved removed) {
    final String id = removed.getArtifactId();
    if (kept.remove(id) != null) {
      unsaved.remove(id);
      unsavedRemovals.add(id);
    }
  }

  int count() {
    return kept.size();
  }

  /** All of them, oldest first. */
  List<Kept> all() {
    return List.copyOf(kept.values());
  }

  Optional<Artifact> find(String id) {
    return Optional.ofNullable(kept.get(id)).map(Kept::artifact);
  }

  Optional<Artifact> findByPath(String path) {
    return kept.values().stream()
        .map(Kept::artifact)
        .filter(artifact -> artifact.getPath().equals(path))
        .findFirst();
  }

  Unsaved unsaved() {
    return new Unsaved(unsaved.stream().map(kept::get).toList(), List.copyOf(unsavedRemovals));
  }

  /** These, as they are here, are in the database. */
  void saved(Unsaved what) {
    for (Kept file : what.files()) {
      if (file.equals(kept.get(file.artifact().getId()))) {
        unsaved.remove(file.artifact().getId());
      }
    }
    what.removedIds().forEach(unsavedRemovals::remove);
  }
}

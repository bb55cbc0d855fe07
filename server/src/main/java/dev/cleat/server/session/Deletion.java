package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.ErrorReason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes sessions, with their children and their files. Thread-safe. */
final class Deletion {
  private static final Logger LOG = LoggerFactory.getLogger(Deletion.class);

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What is being removed, until that is done. */
  private final Map<String, CompletableFuture<Void>> going = new ConcurrentHashMap<>();

  private final Registry registry;
  private final JournalRoot journals;
  private final Shared shared;

  Deletion(Registry registry, JournalRoot journals, Shared shared) {
    this.registry = registry;
    this.journals = journals;
    this.shared = shared;
  }

  /**
   * Deletes sessions with their children.
   *
   * @param force ends what runs first
   * @param check refuses one that may not be deleted
   * @return the ids of all that were deleted
   * @throws Refusal SESSION_RUNNING, CHILDREN_RUNNING; nothing was deleted then
   */
  List<String> delete(Collection<Session> roots, boolean force, Consumer<Session> check) {
    final Set<Session> all = new LinkedHashSet<>();
    for (Session root : roots) {
      final List<Session> family = family(root);
      family.forEach(check);
      if (!force) {
        refuseRunning(root, family);
      }
      all.addAll(family);
    }
    final Duration grace = force ? Duration.ZERO : shared.settings().stopGrace();
    Collection<Session> next = List.copyOf(all);
    boolean running = force;
    while (!next.isEmpty()) {
      remove(next, running, grace);
      // Children that were made meanwhile; from here on none can be.
      next = next.stream().flatMap(this::children).filter(all::add).toList();
      running = true;
    }
    return all.stream().map(Session::id).toList();
  }

  /** Other calls may be at it too: each session is removed by one, and is gone in the end. */
  private void remove(Collection<Session> sessions, boolean running, Duration grace) {
    final CompletableFuture<Void> done = new CompletableFuture<>();
    final List<Session> mine = new ArrayList<>();
    final Map<Session, CompletableFuture<Void>> others = new HashMap<>();
    try {
      for (Session session : sessions) {
        final CompletableFuture<Void> other = going.putIfAbsent(session.key().text(), done);
        if (other == null) {
          mine.add(session);
        } else {
          others.put(session, other);
        }
      }
      removeMine(mine.stream().filter(this::isThere).toList(), running, grace);
    } finally {
      mine.forEach(session -> going.remove(session.key().text()));
      done.complete(null);
    }
    others.values().forEach(CompletableFuture::join);
    final List<Session> left = others.keySet().stream().filter(this::isThere).toList();
    if (!left.isEmpty()) {
      remove(left, running, grace);
    }
  }

  private boolean isThere(Session session) {
    return registry.find(session.key().text()).isPresent();
  }

  private static CompletableFuture<Void> stop(Session session, Duration grace) {
    try (LogFields.Scope _ = session.key().logged()) {
      return session.stop(grace, "deleted");
    }
  }

  private void removeMine(List<Session> sessions, boolean running, Duration grace) {
    // First, or what ends could start again before it is gone.
    sessions.forEach(session -> session.process().barStarts(true));
    try {
      if (!running) {
        // Again: one may have been started since, and from here on none can be.
        sessions.forEach(Deletion::refuseRunning);
      }
      sessions.stream()
          .map(session -> stop(session, grace))
          .toList()
          .forEach(ended -> Session.awaitEnd(ended, PATIENCE));
      final Map<Session, Runnable> farewells = new LinkedHashMap<>();
      sessions.forEach(session -> farewells.put(session, session.farewell()));
      shared.store().deleteSessions(sessions.stream().map(its -> its.key().text()).toList());
      // Before the journals go: whoever is told of nothing by a crash here is told because of them.
      farewells.forEach((session, farewell) -> {
        forget(session);
        farewell.run();
      });
      sessions.forEach(session -> removeFiles(session.key(), session.view().getWorkspace()));
    } catch (RuntimeException e) {
      sessions.forEach(session -> session.process().barStarts(false));
      throw e;
    }
  }

  private void forget(Session session) {
    if (registry.remove(session.key().text())) {
      final Ledger ledger = shared.ledgers().of(session.key().tenant());
      // Its place is free already, unless its end could not be written down.
      ledger.end(session.id());
      ledger.drop();
    }
  }

  /**
   * Nothing is left of a session that could not be started; its id may be used again. Where it
   * cannot be removed from the store, it is one more that is kept, for its owner to delete.
   */
  void discard(SessionKey key, String workspace) {
    try {
      removeFiles(key, workspace);
      shared.store().discardSession(key.text());
      shared.ledgers().of(key.tenant()).drop();
    } catch (RuntimeException e) {
      LOG.error("What is left of session {} could not be removed", key, e);
    }
  }

  private void removeFiles(SessionKey key, String workspace) {
    try (LogFields.Scope _ = key.logged()) {
      // Last the journal: it alone tells the next server that there is something to remove.
      Workspace.removeOf(shared, key, workspace);
      removeJournal(key);
    }
  }

  private void removeJournal(SessionKey key) {
    try {
      if (!journals.delete(key.text())) {
        LOG.warn("Session {} had no journal", key);
      }
    } catch (IOException e) {
      LOG.error("The journal of session {} could not be deleted; the next start does it", key, e);
    }
  }

  /** A session and all below it, itself first. */
  private List<Session> family(Session root) {
    final List<Session> family = new ArrayList<>(List.of(root));
    for (int i = 0; i < family.size(); i++) {
      children(family.get(i)).filter(child -> !family.contains(child)).forEach(family::add);
    }
    return family;
  }

  private Stream<Session> children(Session parent) {
    return shared.store().children(parent.key().text()).stream()
        .map(row -> registry.find(row.id()))
        .flatMap(Optional::stream);
  }

  private static void refuseRunning(Session session) {
    if (!session.isOver()) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_SESSION_RUNNING,
              "the session is running; stop it first, or force")
          .with("session_id", session.id());
    }
  }

  private static void refuseRunning(Session root, List<Session> family) {
    refuseRunning(root);
    final List<String> running =
        family.stream().filter(child -> !child.isOver()).map(Session::id).toList();
    if (!running.isEmpty()) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_CHILDREN_RUNNING,
              running.size() + " children of the session are running; stop them first, or force")
          .with("session_id", root.id())
          .with("children", String.join(",", running));
    }
  }
}

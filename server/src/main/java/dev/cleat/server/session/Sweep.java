package dev.cleat.server.session;

import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.Store;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What time does to sessions: idle and old ones are closed, long ended ones are removed, old turns
 * are trimmed.
 */
final class Sweep {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);
  private static final int PAGE = 500;

  private final Sessions sessions;
  private final Registry registry;
  private final Shared shared;
  private final Store store;
  private final Instant now;

  Sweep(Sessions sessions, Registry registry, Shared shared) {
    this.sessions = sessions;
    this.registry = registry;
    this.shared = shared;
    this.store = shared.store();
    this.now = shared.clock().instant();
  }

  void run() {
    for (var session : registry.inMemory()) {
      close(session);
    }
    if (!shared.settings().endedRetention().isZero()) {
      removeEnded();
    }
    store.purgeRequests();
  }

  private void close(dev.cleat.server.session.Session session) {
    final Session view = session.view();
    if (view.getTurnCount() > shared.settings().keepTurns()) {
      store.trimTurns(session.id(), shared.settings().keepTurns());
    }
    if (session.isOver()) {
      return;
    }
    if (view.hasLifetime() && view.hasStartTime()) {
      final Duration lifetime = Times.duration(view.getLifetime());
      if (lifetime.isPositive()
          && !now.isBefore(Times.instant(view.getStartTime()).plus(lifetime))) {
        stop(session, "its lifetime of " + lifetime.toSeconds() + " s is over");
        return;
      }
    }
    final Optional<Instant> idleSince = session.idleSince();
    if (view.hasIdleTimeout() && idleSince.isPresent()) {
      final Duration timeout = Times.duration(view.getIdleTimeout());
      if (timeout.isPositive() && !now.isBefore(idleSince.get().plus(timeout))) {
        stop(session, "it was idle for " + timeout.toSeconds() + " s");
      }
    }
  }

  private void stop(dev.cleat.server.session.Session session, String reason) {
    LOG.info("Session {} is stopped: {}", session.id(), reason);
    // It ends in its own time.
    final var _ = session.stop(shared.settings().stopGrace(), reason);
  }

  private void removeEnded() {
    final Instant before = now.minus(shared.settings().endedRetention());
    final SessionFilter ended =
        SessionFilter.newBuilder()
            .addStates(SessionState.SESSION_STATE_EXITED)
            .addStates(SessionState.SESSION_STATE_FAILED)
            .addStates(SessionState.SESSION_STATE_LOST)
            .setIncludeInternal(true)
            .build();
    @Nullable SessionCursor after = null;
    while (true) {
      final List<Session> page = sessions.list(ended, after, PAGE, false);
      if (page.isEmpty()) {
        return;
      }
      for (Session session : page) {
        if (session.hasEndTime() && Times.instant(session.getEndTime()).isBefore(before)) {
          remove(session.getId());
        }
      }
      after = Sessions.cursor(page.getLast());
    }
  }

  private void remove(String id) {
    try {
      LOG.info("Session {} ended long ago and is removed", id);
      sessions.delete(List.of(sessions.get(id)), false);
    } catch (Refusal e) {
      LOG.info("Session {} stays: {}", id, e.getMessage());
    }
  }
}

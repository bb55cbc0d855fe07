package dev.cleat.server.session;

import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.SessionQuery;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionOrBuilder;
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

  private final Registry registry;
  private final Deletion deletion;
  private final Shared shared;
  private final Store store;
  private final Instant now;

  Sweep(Registry registry, Deletion deletion, Shared shared) {
    this.registry = registry;
    this.deletion = deletion;
    this.shared = shared;
    this.store = shared.store();
    this.now = shared.clock().instant();
  }

  void run() {
    for (var session : registry.inMemory()) {
      try (LogFields.Scope _ = session.key().logged()) {
        close(session);
      }
    }
    if (!shared.settings().endedRetention().isZero()) {
      removeEnded();
    }
    store.purgeRequests();
  }

  private void close(dev.cleat.server.session.Session session) {
    final Optional<Session> view = session.viewUnlessSlow();
    if (view.isEmpty()) {
      // It is looked at the next time; the others are not to wait for it.
      return;
    }
    if (view.get().getTurnCount() > shared.settings().keepTurns()) {
      store.trimTurns(session.key().text(), shared.settings().keepTurns());
    }
    final boolean _ =
        session
            .unlessSlow(() -> {
              closeIfDue(session, session.view());
              return true;
            })
            .isPresent();
  }

  private void closeIfDue(dev.cleat.server.session.Session session, Session view) {
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
    LOG.info("Session {} is stopped: {}", session.key(), reason);
    // It ends in its own time.
    final var _ = session.stop(shared.settings().stopGrace(), reason);
  }

  private void removeEnded() {
    final Instant before = now.minus(shared.settings().endedRetention());
    final SessionQuery ended = SessionQuery.ALL.inStates(Fold.statesWhere(Fold::ended));
    shared.saver().flush();
    @Nullable SessionCursor after = null;
    while (true) {
      final List<SessionRow> page = store.sessions(ended, after, PAGE);
      if (page.isEmpty()) {
        return;
      }
      for (SessionRow row : page) {
        final Session session = Sessions.parsed(row);
        if (endedBefore(session, before)) {
          remove(row.id(), before);
        }
      }
      after = SessionCursor.after(page.getLast());
    }
  }

  private static boolean endedBefore(SessionOrBuilder session, Instant before) {
    return session.hasEndTime() && Times.instant(session.getEndTime()).isBefore(before);
  }

  private void remove(String key, Instant before) {
    try (LogFields.Scope _ = SessionKey.parse(key).logged()) {
      // As it is now: it may have been started again since the page was read.
      registry
          .find(key)
          .filter(session -> endedBefore(session.view(), before))
          .ifPresent(this::removeNow);
    }
  }

  private void removeNow(dev.cleat.server.session.Session session) {
    final SessionKey key = session.key();
    try {
      LOG.info("Session {} ended long ago and is removed", key);
      final List<String> _ = deletion.delete(List.of(session), false, each -> {});
    } catch (Refusal e) {
      LOG.info("Session {} stays: {}", key, e.getMessage());
    }
  }
}

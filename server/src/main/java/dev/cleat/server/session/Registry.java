package dev.cleat.server.session;

import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions in memory, by their keys. Those that are not are opened when somebody asks for them.
 *
 * <p>Thread-safe. A session that is being made or opened is a future in the map, so nobody sees
 * half of one and nobody waits for another's.
 */
final class Registry {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private final Store store;
  private final SessionLoader loader;
  private final Map<String, CompletableFuture<Session>> sessions = new ConcurrentHashMap<>();

  Registry(Store store, SessionLoader loader) {
    this.store = store;
    this.loader = loader;
  }

  /** Puts a session in that was opened. */
  void put(Session session) {
    sessions.put(session.key().text(), CompletableFuture.completedFuture(session));
  }

  /** Takes it out; it has been deleted. Whether it was there. */
  boolean remove(String key) {
    return sessions.remove(key) != null;
  }

  /** A key that is taken for a session that is being made. Exactly one of its methods is called. */
  final class Reservation {
    private final String key;
    private final CompletableFuture<Session> future = new CompletableFuture<>();

    private Reservation(String key) {
      this.key = key;
    }

    /** It has been made. */
    void complete(Session session) {
      future.complete(session);
    }

    /** It came to nothing, and whoever waited for it is told so. */
    void release() {
      sessions.remove(key, future);
      future.completeExceptionally(noSession(key));
    }
  }

  /** Takes a key for a session that is to be made; empty when a session in memory has it. */
  Optional<Reservation> reserve(String key) {
    final Reservation mine = new Reservation(key);
    final CompletableFuture<Session> other = sessions.putIfAbsent(key, mine.future);
    if (other == null) {
      return Optional.of(mine);
    }
    // What this caller does next depends on what becomes of the other's.
    final var _ = join(other);
    return Optional.empty();
  }

  private static Refusal noSession(String key) {
    return Refusal.noSession("session_id", SessionKey.parse(key).id());
  }

  /** The session with this key, which is opened if need be. */
  Optional<Session> find(String key) {
    while (true) {
      CompletableFuture<Session> other = sessions.get(key);
      if (other == null) {
        if (store.session(key).isEmpty()) {
          return Optional.empty();
        }
        final CompletableFuture<Session> mine = new CompletableFuture<>();
        other = sessions.putIfAbsent(key, mine);
        if (other == null) {
          return Optional.of(load(key, mine));
        }
      }
      final Session session = join(other);
      if (session != null) {
        return Optional.of(session);
      }
      // What came to nothing is in the map no more, and may have hidden one that is in the store.
    }
  }

  private Session load(String key, CompletableFuture<Session> mine) {
    try {
      // Again: it may have been deleted since.
      final SessionRow current = store.session(key).orElseThrow(() -> noSession(key));
      final Session session = loader.load(current);
      mine.complete(session);
      return session;
    } catch (IOException | RuntimeException e) {
      sessions.remove(key, mine);
      mine.completeExceptionally(e);
      if (e instanceof Refusal refusal) {
        throw refusal;
      }
      try (LogFields.Scope _ = SessionKey.parse(key).logged()) {
        LOG.error("Session {} cannot be opened", key, e);
      }
      throw Refusal.storageUnavailable();
    }
  }

  /** The session with this id, if it is in memory, as every one is that has a process. */
  Optional<Session> present(String id) {
    final CompletableFuture<Session> known = sessions.get(id);
    return known == null || !known.isDone() || known.isCompletedExceptionally()
        ? Optional.empty()
        : Optional.of(known.join());
  }

  private static @Nullable Session join(CompletableFuture<Session> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Refusal) {
        // It was being made, and that came to nothing.
        return null;
      }
      throw Refusal.storageUnavailable();
    }
  }

  /** The tenant's session with exactly this name. */
  Optional<Session> findByName(String tenant, String name) {
    return store.sessionByName(tenant, name).flatMap(row -> find(row.id()));
  }

  /** Whether it is in memory, or will be in a moment. */
  boolean isInMemory(String key) {
    return sessions.containsKey(key);
  }

  /** The sessions in memory. */
  List<Session> inMemory() {
    return sessions.values().stream()
        .filter(session -> session.isDone() && !session.isCompletedExceptionally())
        .map(CompletableFuture::join)
        .toList();
  }
}

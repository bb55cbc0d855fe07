package dev.cleat.server.session;

import dev.cleat.server.store.ArtifactRow;
import dev.cleat.server.store.FoldUpdate;
import dev.cleat.server.store.MetaRow;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.store.TurnRow;
import dev.cleat.server.telemetry.Outage;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the journals have come to into the store: at once what changes a session's state or a
 * turn, and once a second how far its output has got. What is not saved when the server dies is
 * folded again from the journal.
 *
 * <p>Thread-safe. One thread of its own; {@link #flush} may be called by any, without a session's
 * lock.
 */
final class Saver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Saver.class);
  private static final long OUTPUT_MILLIS = 1000;
  private static final int MOST_AT_ONCE = 500;

  /** What of a session is to be saved. */
  record Unsaved(
      Session session,
      long seq,
      RunNotes notes,
      ChangedTurns.Unsaved turns,
      FoldedArtifacts.Unsaved artifacts) {}

  private final Store store;
  private final ChangeLogs changes;
  private final SessionMetrics metrics;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private final Set<dev.cleat.server.session.Session> now = new LinkedHashSet<>();
  private final Set<dev.cleat.server.session.Session> soon = new LinkedHashSet<>();
  private final ReentrantLock saving = new ReentrantLock();
  private final Outage outage = new Outage(LOG, "Saving the state of sessions");
  private @Nullable Thread thread;
  private boolean closed;

  /**
   * A saver that has not started.
   *
   * @param changes what it also saves the heads of
   */
  Saver(Store store, ChangeLogs changes, SessionMetrics metrics) {
    this.store = store;
    this.changes = changes;
    this.metrics = metrics;
  }

  void start() {
    thread = Thread.ofPlatform().name("cleat-saver").daemon().start(this::run);
  }

  /** Something changed that lists show. */
  void save(dev.cleat.server.session.Session session) {
    lock.lock();
    try {
      now.add(session);
      wanted.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Only more output. */
  void saveSoon(dev.cleat.server.session.Session session) {
    lock.lock();
    try {
      soon.add(session);
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    long lastSoon = System.nanoTime();
    while (true) {
      final boolean last;
      lock.lock();
      try {
        long left = OUTPUT_MILLIS * 1_000_000;
        while (now.isEmpty() && !closed && left > 0) {
          left = wanted.awaitNanos(left);
        }
        last = closed;
        if (last || System.nanoTime() - lastSoon >= OUTPUT_MILLIS * 1_000_000) {
          now.addAll(soon);
          soon.clear();
          lastSoon = System.nanoTime();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } finally {
        lock.unlock();
      }
      try {
        flush();
        outage.over();
      } catch (StoreException e) {
        outage.failed(e);
        if (last || !pause()) {
          return;
        }
      } catch (RuntimeException e) {
        outage.broke(e);
      }
      if (last) {
        return;
      }
    }
  }

  private boolean pause() {
    lock.lock();
    try {
      long left = OUTPUT_MILLIS * 1_000_000;
      while (!closed && left > 0) {
        left = wanted.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Saves all that has changed, but for sessions whose start takes longer than it should: these are
   * saved soon after.
   *
   * @throws StoreException if that cannot be; it is tried again later
   */
  void flush() {
    saving.lock();
    try {
      List<dev.cleat.server.session.Session> sessions = take();
      while (!sessions.isEmpty()) {
        save(sessions);
        sessions = take();
      }
    } finally {
      saving.unlock();
    }
  }

  private List<dev.cleat.server.session.Session> take() {
    lock.lock();
    try {
      final var taken = now.stream().limit(MOST_AT_ONCE).toList();
      taken.forEach(now::remove);
      taken.forEach(soon::remove);
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void save(List<dev.cleat.server.session.Session> sessions) {
    final long start = System.nanoTime();
    final Map<dev.cleat.server.session.Session, Unsaved> unsaved = new LinkedHashMap<>();
    try {
      for (var session : sessions) {
        // The others are not to wait for one that is being started.
        if (!session.unsaved(what -> unsaved.put(session, what))) {
          saveSoon(session);
        }
      }
      final List<ChangeLogs.Head> heads = changes.unsaved();
      store.saveFolds(
          unsaved.values().stream().map(Saver::update).toList(),
          heads.stream().map(ChangeLogs.Head::row).toArray(MetaRow[]::new));
      changes.saved(heads);
      unsaved.forEach((session, what) -> {
        if (!session.saved(what)) {
          saveSoon(session);
        }
      });
      metrics.flushed(System.nanoTime() - start);
    } catch (RuntimeException e) {
      metrics.flushFailed();
      lock.lock();
      try {
        now.addAll(sessions);
      } finally {
        lock.unlock();
      }
      throw e;
    }
  }

  private static FoldUpdate update(Unsaved what) {
    return update(row(what.session(), what.seq(), what.notes()), what.turns(), what.artifacts());
  }

  static FoldUpdate update(
      SessionRow session, ChangedTurns.Unsaved turns, FoldedArtifacts.Unsaved artifacts) {
    final SessionKey key = SessionKey.parse(session.id());
    return new FoldUpdate(
        session,
        turns.changed().stream().map(turn -> row(key, turn)).toList(),
        turns.amended().stream().map(turn -> row(key, turn)).toList(),
        List.of(),
        artifacts.files().stream().map(file -> row(key, file)).toList(),
        artifacts.removedIds(),
        turns.changed().stream()
            .filter(turn -> !turn.getRequestId().isEmpty())
            .map(turn -> Prompts.request(key, turn))
            .toList());
  }

  private static ArtifactRow row(SessionKey key, FoldedArtifacts.Kept file) {
    return new ArtifactRow(
        file.artifact().getId(), key.text(), file.number(), file.artifact().toByteArray());
  }

  static TurnRow row(SessionKey key, Turn turn) {
    return new TurnRow(
        turn.getId(),
        key.text(),
        turn.getNumber(),
        turn.getState().getNumber(),
        Fold.ended(turn.getState()),
        turn.toByteArray());
  }

  static SessionRow row(Session session, long seq, RunNotes notes) {
    final SessionKey key = SessionKey.of(session);
    return new SessionRow(
        key.text(),
        key.tenant(),
        session.getOwner(),
        emptyToNull(session.getName()),
        session.getTool(),
        session.getState().getNumber(),
        emptyToNull(session.getWorkspace()),
        emptyToNull(key.sibling(session.getParentId())),
        session.getInternal(),
        Times.nanos(session.getCreateTime()),
        session.getResumeToken(),
        session.getLabelsMap(),
        seq,
        session.getEpoch(),
        session.toByteArray(),
        notes.stored());
  }

  private static @Nullable String emptyToNull(String value) {
    return value.isEmpty() ? null : value;
  }

  /** Whether something has changed that is not saved. Once it is closed, that stays so. */
  boolean isBehind() {
    lock.lock();
    try {
      return !now.isEmpty() || !soon.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether something of this session has changed that is not saved. */
  boolean isBehind(dev.cleat.server.session.Session session) {
    lock.lock();
    try {
      return now.contains(session) || soon.contains(session);
    } finally {
      lock.unlock();
    }
  }

  /** Saves what there is, and ends. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wanted.signalAll();
    } finally {
      lock.unlock();
    }
    final Thread running = thread;
    if (running != null) {
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

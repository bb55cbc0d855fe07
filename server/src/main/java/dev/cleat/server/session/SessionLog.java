package dev.cleat.server.session;

import dev.cleat.server.journal.Entry;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalClosedException;
import dev.cleat.server.journal.JournalFullException;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Event;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.SessionState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's journal as its one writer sees it: what is appended is folded at once, told to those
 * who watch all sessions of its tenant, and handed to the saver.
 *
 * <p>Confined to the session's lock, but for what {@link #stateName} and {@link #run} say.
 */
final class SessionLog {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLog.class);
  private static final long FOR_EVER = Duration.ofDays(365).toNanos();

  private final Shared shared;
  private final Session session;
  private final Ledger ledger;
  private final Journal journal;
  private final ChangeLog changes;
  private final Fold fold;
  private final Redaction redaction;
  private final OutputEntry outputEntry = new OutputEntry();
  private @Nullable SessionChangeKind untold;

  /** What it was when it was deleted; null while it is there. */
  private dev.cleat.v1.@Nullable Session gone;

  private boolean outputUnsaved;

  // For those who may not wait.
  private volatile SessionState state;
  private volatile int run;

  /** Whether the last event that may be left out was. */
  private boolean refused;

  /**
   * From when on what comes is written down however long the tenant's journals are, because it is
   * the end of a process; empty for one that goes on.
   */
  private OptionalLong endsAtNanos = OptionalLong.of(System.nanoTime());

  /**
   * A log.
   *
   * @param session whose it is
   * @param changes where those are told who watch its tenant's sessions
   * @param fold all of the journal
   * @param redaction of what is appended
   */
  SessionLog(
      Shared shared,
      Session session,
      Journal journal,
      ChangeLog changes,
      Fold fold,
      Redaction redaction) {
    this.shared = shared;
    this.session = session;
    this.ledger = shared.ledgers().of(session.key().tenant());
    this.journal = journal;
    this.changes = changes;
    this.fold = fold;
    this.redaction = redaction;
    this.state = fold.state();
    this.run = fold.session().getRun();
  }

  /** The session's state in small letters. Never waits; for any thread. */
  String stateName() {
    return state.name().replace("SESSION_STATE_", "").toLowerCase(Locale.ROOT);
  }

  /** The number of its newest run. Never waits; for any thread. */
  int run() {
    return run;
  }

  Fold fold() {
    return fold;
  }

  /** The number of the newest event, visible or not. */
  long head() {
    return journal.nextSeq() - 1;
  }

  /** The session as the journal has it now. */
  dev.cleat.v1.Session.Builder view() {
    return fold.snapshot()
        .setEpoch(journal.epoch())
        .setOldestSeq(journal.oldest())
        .setHeadSeq(journal.head())
        .setDurableSeq(journal.durableHead());
  }

  /** A process has begun. */
  void lives() {
    endsAtNanos = OptionalLong.empty();
  }

  /**
   * Its process has so much time to end. After that what comes is its last words: little, and
   * nobody gets rid of a session that cannot say them.
   */
  void ends(Duration grace) {
    final long at = System.nanoTime() + Math.min(grace.toNanos(), FOR_EVER);
    if (endsAtNanos.isEmpty() || at - endsAtNanos.getAsLong() < 0) {
      endsAtNanos = OptionalLong.of(at);
    }
  }

  private void refuseWhenFull() {
    if (endsAtNanos.isEmpty() || System.nanoTime() - endsAtNanos.getAsLong() < 0) {
      ledger.refuseWhenFull();
    }
  }

  /**
   * Appends events in one step.
   *
   * @return the number of the first
   * @throws Refusal STORAGE_FULL, QUOTA_EXCEEDED and the like; nothing has changed then
   */
  long append(List<Event.Builder> events) {
    if (!events.stream().allMatch(SessionLog::isEnd)) {
      refuseWhenFull();
    }
    final var time = Times.timestamp(shared.clock().instant());
    final List<EventEntry> entries = new ArrayList<>(events.size());
    long seq = journal.nextSeq();
    for (Event.Builder event : events) {
      redaction.redact(event);
      entries.add(new EventEntry(event.setSeq(seq++).setTime(time).build()));
    }
    final long first;
    try {
      first = write(entries);
    } catch (IOException e) {
      throw unwritten(e, events);
    }
    for (EventEntry entry : entries) {
      shared.metrics().appended(entry.event(), fold);
      fold.apply(entry.event());
      untold = Changes.greater(untold, Changes.kind(entry.event()));
    }
    state = fold.state();
    run = fold.session().getRun();
    tell();
    shared.saver().save(session);
    return first;
  }

  /** What the store has not, and watchers may not have been told, has been read back. */
  void readBack(@Nullable SessionChangeKind kind) {
    untold = kind;
    shared.saver().save(session);
  }

  /** What makes room in the end, and is little. */
  private static boolean isEnd(Event.Builder event) {
    return switch (event.getKindCase()) {
      case EXITED, APPROVAL_RESOLVED -> true;
      case STATE_CHANGED ->
          event.getStateChanged().getState() == SessionState.SESSION_STATE_STOPPING
              || Fold.ended(event.getStateChanged().getState());
      case TURN_CHANGED -> Fold.ended(event.getTurnChanged().getTurn().getState());
      default -> false;
    };
  }

  /**
   * Appends events if there is room for them: a full disk must not keep a process from being
   * stopped.
   */
  void appendIfPossible(List<Event.Builder> events) {
    try {
      append(events);
      refused = false;
    } catch (Refusal e) {
      // Clients can have it come again and again.
      if (!refused) {
        try (LogFields.Scope _ = about(events)) {
          LOG.warn("Session {}: {}", session.key(), e.getMessage());
        }
      }
      refused = true;
    }
  }

  /**
   * Appends output.
   *
   * @throws Refusal as {@link #append}
   */
  void output(OutputStream stream, ByteBuffer data) {
    refuseWhenFull();
    final Instant now = shared.clock().instant();
    final long offset = fold.outputBytes();
    outputEntry.set(now, offset, stream, data);
    final long seq;
    try {
      seq = write(List.of(outputEntry));
    } catch (IOException e) {
      throw unwritten(e, List.of());
    }
    shared.metrics().printed(data.remaining());
    fold.output(seq, offset + data.remaining(), now);
    if (!outputUnsaved) {
      outputUnsaved = true;
      shared.saver().saveSoon(session);
    }
  }

  private long write(List<? extends Entry> entries) throws IOException {
    if (gone != null) {
      throw Refusal.noSession("session_id", session.id());
    }
    try {
      return journal.append(entries);
    } catch (JournalFullException e) {
      throw Refusal.storageFull();
    } catch (JournalClosedException e) {
      throw Refusal.noSession("session_id", session.id());
    }
  }

  private Refusal unwritten(IOException why, List<Event.Builder> events) {
    try (LogFields.Scope _ = about(events)) {
      LOG.error("Session {}: its journal cannot be written", session.key(), why);
    }
    return Refusal.storageUnavailable();
  }

  /**
   * What is logged until that is closed is about events: about the turn, where they are a turn's.
   */
  private LogFields.Scope about(List<Event.Builder> events) {
    final SessionKey key = session.key();
    return events.stream()
        .filter(Event.Builder::hasTurnChanged)
        .findFirst()
        .map(event -> event.getTurnChanged().getTurn().getId())
        .map(turn -> LogFields.about(key.tenant(), key.id(), turn, shared.metrics().tracing()))
        .orElseGet(key::logged);
  }

  /** It has been deleted, as it was. */
  void deleted(dev.cleat.v1.Session last) {
    gone = last;
    untold = SessionChangeKind.SESSION_CHANGE_KIND_DELETED;
    tell();
  }

  private void tell() {
    final SessionChangeKind kind = untold;
    if (kind == null) {
      return;
    }
    if (changes.append(kind, gone == null ? view().build() : gone)) {
      untold = null;
    } else {
      // Nothing else may happen to it for long.
      shared.saver().saveSoon(session);
    }
  }

  /** What is to be saved now; empty when it has been deleted. */
  Optional<Saver.Unsaved> unsaved(RunNotes notes) {
    outputUnsaved = false;
    tell();
    return gone != null
        ? Optional.empty()
        : Optional.of(
            new Saver.Unsaved(
                view().build(),
                fold.seq(),
                notes,
                fold.changedTurns().unsaved(),
                fold.artifacts().unsaved()));
  }

  /** It has been saved. */
  void saved(Saver.Unsaved what) {
    fold.changedTurns().saved(what.turns());
    fold.artifacts().saved(what.artifacts());
  }
}

package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.Step;
import dev.cleat.server.store.ArtifactRow;
import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings sessions back: what the store has of one, and what its journal has beyond that. The
 * journal is the truth; a session that the store has lost is read back from it. Thread-safe for
 * different sessions.
 */
final class SessionLoader {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLoader.class);
  private static final int BATCH_BYTES = 1 << 20;

  private final JournalRoot journals;
  private final Store store;
  private final Shared shared;

  SessionLoader(JournalRoot journals, Shared shared) {
    this.journals = journals;
    this.store = shared.store();
    this.shared = shared;
  }

  /**
   * A journal that the store knows nothing of: of a deletion that was cut short, or the store was
   * lost.
   */
  void recoverWithoutRow(String name) throws IOException {
    if (store.wasDeleted(name)) {
      removeDeleted(name);
      return;
    }
    try (LogFields.@Nullable Scope _ = SessionKey.find(name).map(SessionKey::logged).orElse(null)) {
      recover(name);
    }
  }

  /** Its watchers may not have been told: that comes before its journal goes. Or twice. */
  private void removeDeleted(String name) throws IOException {
    final SessionKey key = SessionKey.parse(name);
    final dev.cleat.v1.Session.Builder last = dev.cleat.v1.Session.newBuilder();
    try {
      last.mergeFrom(readBack(name).fold().snapshot().build());
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("The journal of session {}, which was deleted, cannot be read", name, e);
    }
    last.setId(key.id()).setTenant(key.tenant());
    if (shared
        .changes()
        .of(key.tenant())
        .append(SessionChangeKind.SESSION_CHANGE_KIND_DELETED, last.build())) {
      Workspace.removeOf(shared, key, last.getWorkspace());
      journals.delete(name);
    }
  }

  /** All that a closed journal comes to. */
  private record ReadBack(Fold fold, long epoch) {}

  private ReadBack readBack(String name) throws IOException {
    final Journal journal = journals.open(name, shared.settings().journal(), 0);
    final Fold fold = new Fold();
    try {
      fold(journal, 1, fold::apply);
    } finally {
      journals.close(name);
    }
    return new ReadBack(fold, journal.epoch());
  }

  private void recover(String name) throws IOException {
    final ReadBack read = readBack(name);
    final Fold fold = read.fold();
    if (fold.session().getId().isEmpty()) {
      LOG.error("The journal of session {} has lost its beginning; it is left alone", name);
      return;
    }
    if (!name.equals(SessionKey.of(fold.session()).text())) {
      LOG.error(
          "The journal {} is of session {}; it is left alone", name, SessionKey.of(fold.session()));
      return;
    }
    LOG.warn("Session {} is not in the store; it is read back from its journal", name);
    final dev.cleat.v1.Session session = fold.snapshot().setEpoch(read.epoch()).build();
    if (store.insertSession(Saver.row(session, 0, RunNotes.NONE), new byte[0], null)
        instanceof InsertResult.NameTaken) {
      LOG.warn("Session {} has lost its name to another", name);
      final dev.cleat.v1.Session nameless = session.toBuilder().clearName().build();
      store.insertSession(Saver.row(nameless, 0, RunNotes.NONE), new byte[0], null);
    }
    if (Fold.ended(session.getState())) {
      store.saveFold(
          Saver.update(
              Saver.row(session, fold.seq(), RunNotes.NONE),
              fold.changedTurns().unsaved(),
              fold.artifacts().unsaved()));
    }
  }

  private static void fold(Journal journal, long fromSeq, Consumer<Event> fold) throws IOException {
    if (fromSeq > journal.head()) {
      return;
    }
    try (Cursor cursor = journal.cursorFrom(Math.max(fromSeq, 1))) {
      while (true) {
        final Step step = cursor.poll(BATCH_BYTES);
        if (step instanceof Batch batch) {
          batch.forEach((seq, array, offset, length) -> fold.accept(parse(array, offset, length)));
        } else if (!(step instanceof Step.Gap)) {
          return;
        }
      }
    }
  }

  private static Event parse(byte[] array, int offset, int length) {
    try {
      return Event.parser().parseFrom(array, offset, length);
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens a session that is in the store. */
  Session load(SessionRow row) throws IOException {
    final SessionKey key = SessionKey.parse(row.id());
    try (LogFields.Scope _ = key.logged()) {
      return load(key, row);
    }
  }

  private Session load(SessionKey key, SessionRow row) throws IOException {
    final dev.cleat.v1.Session stored = Sessions.parsed(row);
    // Before the journal, which nobody would close.
    final ChangeLog changes = shared.changes().of(key.tenant());
    final Journal journal = open(journals, row.id(), options(stored), row.foldedSeq());
    try {
      return load(key, row, stored, changes, journal);
    } catch (IOException | RuntimeException e) {
      // Or nobody could open it again.
      try {
        journals.close(row.id());
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private Session load(
      SessionKey key,
      SessionRow row,
      dev.cleat.v1.Session stored,
      ChangeLog changes,
      Journal journal)
      throws IOException {
    final List<Turn> open = store.unfinishedTurns(row.id()).stream().map(Prompts::turn).toList();
    final Fold fold =
        row.foldedSeq() == 0
            ? new Fold()
            : new Fold(stored, row.foldedSeq(), open, artifacts(row.id(), stored));
    final AtomicReference<@Nullable SessionChangeKind> untold = new AtomicReference<>();
    fold(
        journal,
        row.foldedSeq() + 1,
        event -> {
          fold.apply(event);
          untold.set(Changes.greater(untold.get(), Changes.kind(event)));
        });
    final CreateRequest asked = CreateRequest.parseFrom(store.secret(row.id()).orElse(new byte[0]));
    final Session session =
        new Session(
            shared,
            key,
            journal,
            changes,
            fold,
            asked.getEnvMap(),
            RunNotes.of(row.fold(), row.foldedSeq()),
            fold.seq() == 0 ? stored : fold.session());
    if (fold.seq() > row.foldedSeq() || (fold.seq() > 0 && journal.epoch() > row.epoch())) {
      session.readBack(untold.get());
    }
    if (row.foldedSeq() == 0) {
      final List<String> prompts = asked.getStartPromptsList();
      session.writeBeginning(
          stored, NewSession.startTurns(key.id(), prompts, shared.clock().instant()));
    }
    if (!session.isOver()) {
      session.process().lost("the server that ran its process went down");
    }
    return session;
  }

  /**
   * Whether the journal of a session has more than the store: the server that wrote it was killed
   * before it had saved that, or the machine crashed, which the last that was saved may be lost in.
   */
  boolean isBehind(SessionRow row) {
    try {
      return journals.goesBeyond(row.id(), row.foldedSeq());
    } catch (IOException e) {
      LOG.warn("The journal of session {} cannot be looked at", row.id(), e);
      return false;
    }
  }

  private List<FoldedArtifacts.Kept> artifacts(String key, dev.cleat.v1.Session stored)
      throws InvalidProtocolBufferException {
    final List<FoldedArtifacts.Kept> files = new ArrayList<>();
    if (stored.getArtifactCount() > 0) {
      for (ArtifactRow row : store.artifacts(key)) {
        files.add(new FoldedArtifacts.Kept(Artifact.parseFrom(row.data()), row.number()));
      }
    }
    return files;
  }

  /**
   * Opens a journal. One that is gone, or was never made, goes on behind the numbers that were
   * given out.
   *
   * @param atLeast as in {@link JournalRoot#open}
   */
  static Journal open(JournalRoot journals, String id, JournalOptions options, long atLeast)
      throws IOException {
    try {
      return journals.open(id, options, atLeast);
    } catch (NoSuchFileException e) {
      if (atLeast > 0) {
        LOG.error("The journal {} is missing; it had {} events", id, atLeast);
      }
      final Journal empty = journals.create(id, options);
      journals.close(empty.id());
      return journals.open(id, options, atLeast);
    }
  }

  JournalOptions options(dev.cleat.v1.SessionOrBuilder session) {
    final JournalOptions defaults = shared.settings().journal();
    return Retentions.options(defaults, session);
  }
}

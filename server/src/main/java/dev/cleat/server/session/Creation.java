package dev.cleat.server.session;

import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalFullException;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.store.ActiveKey;
import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.CreateRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sessions, once for each request however often it comes. Thread-safe: what two callers want
 * at once is decided by the {@link Registry} for ids, and by the store for names and requests.
 */
final class Creation {
  private static final Logger LOG = LoggerFactory.getLogger(Creation.class);

  private final Registry registry;
  private final JournalRoot journals;
  private final SessionLoader loader;
  private final Naming naming;
  private final Deletion deletion;
  private final Shared shared;
  private final Store store;

  Creation(
      Registry registry,
      JournalRoot journals,
      SessionLoader loader,
      Naming naming,
      Deletion deletion,
      Shared shared) {
    this.registry = registry;
    this.journals = journals;
    this.loader = loader;
    this.naming = naming;
    this.deletion = deletion;
    this.shared = shared;
    this.store = shared.store();
  }

  CreatedSession create(Maker maker, CreateRequest request) {
    final NewSession asked = new NewSession(shared, maker, request);
    if (request.getGetOrCreate() && !request.getName().isEmpty()) {
      final Optional<Session> named = registry.findByName(maker.tenant(), request.getName());
      if (named.isPresent()) {
        return found(takeOverChoices(named.get(), asked));
      }
    }
    final Optional<Session> retried = retried(asked);
    if (retried.isPresent()) {
      return found(retried.get());
    }
    final Ledger ledger = shared.ledgers().of(maker.tenant());
    ledger.create();
    ledger.refuseWhenFull();
    if (!request.getParentId().isEmpty()) {
      checkParent(maker, request.getParentId());
    }
    asked.check();
    final String id = request.getSessionId().isEmpty() ? Ids.next() : request.getSessionId();
    final SessionKey key = new SessionKey(maker.tenant(), id);
    final Optional<Registry.Reservation> reserved = registry.reserve(key.text());
    if (reserved.isEmpty()) {
      // The other may have been the same request.
      return found(retried(asked).orElseThrow(() -> Refusal.idTaken(id)));
    }
    try (LogFields.Scope _ = key.logged()) {
      return create(key, asked, reserved.get());
    }
  }

  /** Children go with their parent, and may stand in the way of its deletion. */
  private void checkParent(Maker maker, String parentId) {
    maker
        .change()
        .accept(
            registry
                .find(new SessionKey(maker.tenant(), parentId).text())
                .orElseThrow(() -> noParent(parentId)));
  }

  private static Refusal noParent(String parentId) {
    return Refusal.noSession("parent_id", parentId).field("parent_id", "there is no such session");
  }

  private static CreatedSession found(Session session) {
    return new CreatedSession(session, false);
  }

  private CreatedSession create(SessionKey key, NewSession asked, Registry.Reservation mine) {
    final Ledger ledger = shared.ledgers().of(key.tenant());
    boolean made = false;
    boolean kept = false;
    final Optional<Supplier<Session>> known;
    try {
      ledger.begin(key.id());
      ledger.keep();
      kept = true;
      final dev.cleat.v1.Session settings = asked.settings(key.id());
      known = insert(key, settings, asked);
      if (known.isEmpty()) {
        // From here on it counts until its row is removed.
        kept = false;
        final Session session = start(key, settings, asked);
        mine.complete(session);
        made = true;
        if (!asked.request().getInternal()) {
          final ActiveKey active =
              new ActiveKey(key.tenant(), asked.maker().owner(), asked.request().getCaller());
          store.setActive(active, key.text());
        }
        return new CreatedSession(session, true);
      }
    } finally {
      if (!made) {
        ledger.end(key.id());
        if (kept) {
          ledger.drop();
        }
        mine.release();
      }
    }
    // Not before: it may be the one whose id this call has taken.
    return found(known.get().get());
  }

  /** Puts the session into the store; how to find the one that was asked for if there is one. */
  private Optional<Supplier<Session>> insert(
      SessionKey key, dev.cleat.v1.Session settings, NewSession asked) {
    final CreateRequest request = asked.request();
    final InsertResult inserted =
        naming.insert(
            Saver.row(settings, 0, RunNotes.NONE),
            asked.secret(),
            asked.requestRow(key).orElse(null));
    return switch (inserted) {
      case InsertResult.Inserted() -> Optional.empty();
      case InsertResult.Known(RequestRow known) ->
          Optional.of(() ->
              same(known, asked)
                  .orElseThrow(() ->
                      Refusal.noSession("session_id", SessionKey.parse(known.sessionId()).id())));
      case InsertResult.IdTaken() -> throw Refusal.idTaken(key.id());
      // It has been deleted since it was looked at.
      case InsertResult.ParentGone() -> throw noParent(request.getParentId());
      case InsertResult.NameTaken(String other) -> {
        if (!request.getGetOrCreate()) {
          throw Refusal.nameTaken(request.getName(), SessionKey.parse(other).id());
        }
        yield Optional.of(() ->
            takeOverChoices(
                registry
                    .find(other)
                    .orElseThrow(() -> Refusal.noSession("name", request.getName())),
                asked));
      }
    };
  }

  private Session start(SessionKey key, dev.cleat.v1.Session settings, NewSession asked) {
    final Session session = begin(key, settings, asked);
    try {
      session.process().start();
      return session;
    } catch (RuntimeException e) {
      // Watchers have been told of it.
      final Runnable farewell = session.farewell();
      deletion.discard(key, settings.getWorkspace());
      farewell.run();
      throw e;
    }
  }

  /** A session with its first events. */
  private Session begin(SessionKey key, dev.cleat.v1.Session settings, NewSession asked) {
    try {
      final ChangeLog changes = shared.changes().of(key.tenant());
      final Journal journal = journals.create(key.text(), loader.options(settings));
      final Session session =
          new Session(
              shared,
              key,
              journal,
              changes,
              new Fold(),
              asked.request().getEnvMap(),
              RunNotes.NONE,
              settings);
      session.created(settings, asked.startTurns(key.id()));
      return session;
    } catch (JournalFullException e) {
      deletion.discard(key, settings.getWorkspace());
      throw Refusal.storageFull();
    } catch (IOException e) {
      LOG.error("Session {} cannot be made", key, e);
      deletion.discard(key, settings.getWorkspace());
      throw Refusal.storageUnavailable();
    } catch (RuntimeException e) {
      deletion.discard(key, settings.getWorkspace());
      throw e;
    }
  }

  private Session takeOverChoices(Session session, NewSession asked) {
    final dev.cleat.v1.Session now = session.view();
    final dev.cleat.v1.Session.Builder wanted = dev.cleat.v1.Session.newBuilder();
    final List<String> fields = new ArrayList<>();
    final String model = asked.request().getModel();
    if (!model.isEmpty() && !model.equals(now.getModel())) {
      wanted.setModel(model);
      fields.add("model");
    }
    final String mode = asked.request().getAgentMode();
    if (!mode.isEmpty() && !mode.equals(now.getAgentMode())) {
      wanted.setAgentMode(mode);
      fields.add("agent_mode");
    }
    if (!fields.isEmpty()) {
      asked.maker().change().accept(session);
      naming.update(session, wanted.build(), fields);
    }
    return session;
  }

  private Optional<Session> retried(NewSession asked) {
    final String requestId = asked.request().getRequestId();
    if (requestId.isEmpty()) {
      return Optional.empty();
    }
    return store
        .request(RequestRow.Kind.CREATE, asked.maker().tenant(), requestId)
        .flatMap(row -> same(row, asked));
  }

  private Optional<Session> same(RequestRow row, NewSession asked) {
    if (!Arrays.equals(row.fingerprint(), asked.fingerprint())) {
      throw Prompts.reused(asked.request().getRequestId());
    }
    return registry.find(row.sessionId());
  }
}

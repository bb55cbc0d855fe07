package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.session.Sessions.Created;
import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.Store;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

  Created create(CreateRequest request) {
    if (request.getGetOrCreate() && !request.getName().isEmpty()) {
      final Optional<Session> named = registry.findByName(request.getName());
      if (named.isPresent()) {
        return found(takeOverModel(named.get(), request));
      }
    }
    final Optional<Session> retried = retried(request);
    if (retried.isPresent()) {
      return found(retried.get());
    }
    refuseWhenFull();
    if (!request.getParentId().isEmpty() && registry.find(request.getParentId()).isEmpty()) {
      throw Refusal.noSession("parent_id", request.getParentId())
          .field("parent_id", "there is no such session");
    }
    final NewSession asked = new NewSession(shared, request);
    asked.check();
    final String id = request.getSessionId().isEmpty() ? Ids.next() : request.getSessionId();
    final Optional<Registry.Reservation> reserved = registry.reserve(id);
    if (reserved.isEmpty()) {
      // The other may have been the same request.
      return found(retried(request).orElseThrow(() -> Refusal.idTaken(id)));
    }
    return create(id, asked, reserved.get());
  }

  private static Created found(Session session) {
    return new Created(session, false);
  }

  private Created create(String id, NewSession asked, Registry.Reservation mine) {
    boolean made = false;
    try {
      final dev.cleat.v1.Session settings = asked.settings(id);
      final Optional<Session> known = insert(settings, asked);
      if (known.isPresent()) {
        return found(known.get());
      }
      final Session session = start(settings, asked);
      mine.complete(session);
      made = true;
      if (!asked.request().getInternal()) {
        store.setActive(asked.request().getCaller(), id);
      }
      return new Created(session, true);
    } finally {
      if (!made) {
        mine.release();
      }
    }
  }

  /** Puts the session into the store; the session that was asked for if there is one already. */
  private Optional<Session> insert(dev.cleat.v1.Session settings, NewSession asked) {
    final CreateRequest request = asked.request();
    final String id = settings.getId();
    final InsertResult inserted =
        naming.insert(
            Saver.row(settings, 0, ""), asked.secret(), asked.requestRow(id).orElse(null));
    return switch (inserted) {
      case InsertResult.Inserted() -> Optional.empty();
      case InsertResult.Known(RequestRow known) ->
          Optional.of(
              same(known, request)
                  .orElseThrow(() -> Refusal.noSession("session_id", known.sessionId())));
      case InsertResult.IdTaken() -> throw Refusal.idTaken(id);
      case InsertResult.NameTaken(String other) -> {
        if (!request.getGetOrCreate()) {
          throw Refusal.nameTaken(request.getName(), other);
        }
        yield Optional.of(
            takeOverModel(
                registry
                    .find(other)
                    .orElseThrow(() -> Refusal.noSession("name", request.getName())),
                request));
      }
    };
  }

  private Session start(dev.cleat.v1.Session settings, NewSession asked) {
    final String id = settings.getId();
    try {
      final Journal journal = journals.create(id, loader.options(settings));
      final Session session =
          new Session(shared, id, journal, new Fold(), asked.request().getEnvMap(), "", settings);
      session.created(settings, asked.startTurns(id));
      session.process().start();
      return session;
    } catch (IOException e) {
      LOG.error("Session {} cannot be made", id, e);
      deletion.discard(id);
      throw Refusal.storageUnavailable();
    } catch (RuntimeException e) {
      deletion.discard(id);
      throw e;
    }
  }

  private Session takeOverModel(Session session, CreateRequest request) {
    final String model = request.getModel();
    if (!model.isEmpty() && !model.equals(session.view().getModel())) {
      naming.update(
          session, dev.cleat.v1.Session.newBuilder().setModel(model).build(), List.of("model"));
    }
    return session;
  }

  private Optional<Session> retried(CreateRequest request) {
    if (request.getRequestId().isEmpty()) {
      return Optional.empty();
    }
    return store
        .request(RequestRow.Kind.CREATE, request.getRequestId())
        .flatMap(row -> same(row, request));
  }

  private Optional<Session> same(RequestRow row, CreateRequest request) {
    if (!Arrays.equals(row.fingerprint(), new NewSession(shared, request).fingerprint())) {
      throw Prompts.reused(request.getRequestId());
    }
    return registry.find(row.sessionId());
  }

  private void refuseWhenFull() {
    final long live = registry.live();
    if (live >= shared.settings().maxSessions()) {
      throw Refusal.of(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_TOO_MANY_SESSIONS,
              "the server runs " + live + " sessions and may not run more; stop one first")
          .with("limit", shared.settings().maxSessions())
          .retryAfter(Duration.ofSeconds(5));
    }
  }
}

package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import dev.cleat.server.journal.EpochRule;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.SessionQuery;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sessions of the server: made, found, listed, changed, deleted. Those that have a process are
 * in memory; the others are opened when somebody asks for them.
 *
 * <p>Thread-safe. A session that is being made or opened is a future in the map, so nobody sees
 * half of one and nobody waits for another's.
 */
public final class Sessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final String CHANGES = "_changes";
  private static final Duration SHUTDOWN_GRACE = Duration.ofSeconds(2);

  /** How many sessions a call by filter handles. */
  public static final int MOST_MATCHES = 1000;

  private final JournalRoot journals;
  private final Store store;
  private final Saver saver;
  private final ChangeLog changes;
  private final Shared shared;
  private final Prompts prompts;
  private final SessionLoader loader;
  private final Map<String, CompletableFuture<Session>> sessions = new ConcurrentHashMap<>();
  private final Object names = new Object();

  /** What a Create came to. */
  public record Created(Session session, boolean created) {}

  private Sessions(
      JournalRoot journals, Store store, Saver saver, ChangeLog changes, Shared shared) {
    this.journals = journals;
    this.store = store;
    this.saver = saver;
    this.changes = changes;
    this.shared = shared;
    this.prompts = new Prompts(store);
    this.loader = new SessionLoader(journals, shared);
  }

  /**
   * All sessions that there are. Those whose process went down with the last server are LOST from
   * here on.
   *
   * @throws IOException if a journal cannot be read or written
   */
  public static Sessions open(
      JournalRoot journals,
      Store store,
      Catalogue catalogue,
      TerminalFactory terminals,
      TerminalFactory pipes,
      SessionSettings settings,
      InstantSource clock)
      throws IOException {
    final Set<String> existing = new LinkedHashSet<>(journals.list());
    final JournalOptions options = settings.journal();
    final Journal changeJournal =
        SessionLoader.open(
            journals,
            CHANGES,
            options,
            EpochRule.unsealed(store.metaLong(Saver.CHANGES_HEAD).orElse(0)));
    final Saver saver = new Saver(store, changeJournal::head);
    final ChangeLog changes = new ChangeLog(changeJournal, clock);
    final Shared shared =
        new Shared(terminals, pipes, catalogue, store, saver, changes, settings, clock);
    final Sessions sessions = new Sessions(journals, store, saver, changes, shared);
    sessions.recover(existing);
    saver.start();
    return sessions;
  }

  private void recover(Set<String> journalIds) throws IOException {
    final Set<String> known = new LinkedHashSet<>(store.sessionIds());
    for (String id : journalIds) {
      if (!id.equals(CHANGES) && !known.contains(id)) {
        loader.recoverWithoutRow(id);
      }
    }
    @Nullable SessionCursor after = null;
    final Set<Integer> states =
        Arrays.stream(SessionState.values())
            .filter(state -> state != SessionState.UNRECOGNIZED && !Fold.ended(state))
            .map(SessionState::getNumber)
            .collect(Collectors.toSet());
    final SessionQuery live = new SessionQuery(states, null, null, null, Map.of(), "", true);
    while (true) {
      final List<SessionRow> page = store.sessions(live, after, MOST_MATCHES);
      if (page.isEmpty()) {
        return;
      }
      for (SessionRow row : page) {
        sessions.put(row.id(), CompletableFuture.completedFuture(loader.load(row)));
      }
      after = SessionCursor.after(page.getLast());
    }
  }

  /** Prompts to sessions. */
  public Prompts prompts() {
    return prompts;
  }

  /** What happens to sessions. */
  public ChangeLog changes() {
    return changes;
  }

  // Finding.

  /**
   * The session with this id.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session get(String id) {
    return find(id).orElseThrow(() -> Refusal.noSession("session_id", id));
  }

  private Optional<Session> find(String id) {
    final CompletableFuture<Session> known = sessions.get(id);
    if (known != null) {
      return Optional.ofNullable(join(known));
    }
    final Optional<SessionRow> row = store.session(id);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    final CompletableFuture<Session> mine = new CompletableFuture<>();
    final CompletableFuture<Session> other = sessions.putIfAbsent(id, mine);
    if (other != null) {
      return Optional.ofNullable(join(other));
    }
    try {
      // Again: it may have been deleted since.
      final SessionRow current =
          store.session(id).orElseThrow(() -> Refusal.noSession("session_id", id));
      final Session session = loader.load(current);
      mine.complete(session);
      return Optional.of(session);
    } catch (IOException | RuntimeException e) {
      sessions.remove(id, mine);
      mine.completeExceptionally(e);
      if (e instanceof Refusal refusal) {
        throw refusal;
      }
      LOG.error("Session {} cannot be opened", id, e);
      throw Refusal.storageUnavailable();
    }
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

  /**
   * The session with exactly this name.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session getByName(String name) {
    return findByName(name).orElseThrow(() -> Refusal.noSession("name", name));
  }

  private Optional<Session> findByName(String name) {
    return store.sessionByName(name).flatMap(row -> find(row.id()));
  }

  /** Sessions that match, oldest first, as they are now. */
  public List<dev.cleat.v1.Session> list(
      SessionFilter filter, @Nullable SessionCursor after, int limit, boolean full) {
    saver.flush();
    return store.sessions(query(filter), after, limit).stream()
        .map(row -> view(row, full))
        .toList();
  }

  private dev.cleat.v1.Session view(SessionRow row, boolean full) {
    final CompletableFuture<Session> known = sessions.get(row.id());
    if (full || known != null) {
      final Optional<Session> session = find(row.id());
      if (session.isPresent()) {
        return session.get().view();
      }
    }
    try {
      return dev.cleat.v1.Session.parseFrom(row.data());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("session " + row.id() + " in the store is damaged", e);
    }
  }

  /** The place in lists behind a session. */
  static SessionCursor cursor(dev.cleat.v1.Session session) {
    return cursor(createdNanos(session), session.getId());
  }

  /** The place in lists behind a session that was created then and has this id. */
  public static SessionCursor cursor(long createdNanos, String id) {
    return new SessionCursor(createdNanos, id);
  }

  /** When a session was created, as lists order them. */
  public static long createdNanos(dev.cleat.v1.Session session) {
    return session.getCreateTime().getSeconds() * 1_000_000_000L
        + session.getCreateTime().getNanos();
  }

  /** Whether a turn has ended. */
  public static boolean ended(Turn turn) {
    return Fold.ended(turn.getState());
  }

  private static SessionQuery query(SessionFilter filter) {
    return new SessionQuery(
        filter.getStatesList().stream().map(SessionState::getNumber).collect(Collectors.toSet()),
        emptyToNull(filter.getTool()),
        emptyToNull(filter.getWorkspace()),
        emptyToNull(filter.getParentId()),
        filter.getLabelsMap(),
        filter.getNamePrefix(),
        filter.getIncludeInternal());
  }

  private static @Nullable String emptyToNull(String value) {
    return value.isEmpty() ? null : value;
  }

  /**
   * All sessions that match.
   *
   * @throws Refusal TOO_MANY_MATCHES
   */
  public List<Session> matching(SessionFilter filter) {
    saver.flush();
    final List<SessionRow> rows = store.sessions(query(filter), null, MOST_MATCHES + 1);
    if (rows.size() > MOST_MATCHES) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_TOO_MANY_MATCHES,
              "more than " + MOST_MATCHES + " sessions match; narrow the filter")
          .with("limit", MOST_MATCHES);
    }
    return rows.stream().map(row -> find(row.id())).flatMap(Optional::stream).toList();
  }

  /** Turns of a session, newest first. */
  public List<Turn> turns(Session session, long beforeNumber, int limit) {
    saver.flush();
    return store.turns(session.id(), beforeNumber, limit).stream().map(Prompts::turn).toList();
  }

  // Making.

  /**
   * Creates a session and starts its process, or finds the one that an earlier call created.
   *
   * @param request valid by itself; what depends on the server is checked here
   */
  public Created create(CreateRequest request) {
    if (request.getGetOrCreate() && !request.getName().isEmpty()) {
      final Optional<Session> named = findByName(request.getName());
      if (named.isPresent()) {
        return new Created(takeOverModel(named.get(), request), false);
      }
    }
    final Optional<Session> retried = retried(request);
    if (retried.isPresent()) {
      return new Created(retried.get(), false);
    }
    refuseWhenFull();
    if (!request.getParentId().isEmpty() && find(request.getParentId()).isEmpty()) {
      throw Refusal.noSession("parent_id", request.getParentId())
          .field("parent_id", "there is no such session");
    }
    final NewSession asked = new NewSession(shared, request);
    asked.check();
    final String id = request.getSessionId().isEmpty() ? Ids.next() : request.getSessionId();
    final CompletableFuture<Session> mine = new CompletableFuture<>();
    final CompletableFuture<Session> other = sessions.putIfAbsent(id, mine);
    if (other != null) {
      final Session there = join(other);
      return retried(request)
          .map(session -> new Created(session, false))
          .orElseThrow(() -> Refusal.idTaken(there == null ? id : there.id()));
    }
    try {
      return create(id, asked, mine);
    } catch (IOException e) {
      LOG.error("Session {} cannot be made", id, e);
      throw fail(id, mine, Refusal.storageUnavailable());
    } catch (RuntimeException e) {
      throw fail(id, mine, e);
    }
  }

  private RuntimeException fail(
      String id, CompletableFuture<Session> mine, RuntimeException cause) {
    sessions.remove(id, mine);
    mine.completeExceptionally(cause);
    return cause;
  }

  private Session takeOverModel(Session session, CreateRequest request) {
    final String model = request.getModel();
    if (!model.isEmpty() && !model.equals(session.view().getModel())) {
      update(session, dev.cleat.v1.Session.newBuilder().setModel(model).build(), List.of("model"));
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
    return find(row.sessionId());
  }

  private void refuseWhenFull() {
    final long live = sessions.values().stream().filter(Sessions::isLive).count();
    if (live >= shared.settings().maxSessions()) {
      throw Refusal.of(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_TOO_MANY_SESSIONS,
              "the server runs " + live + " sessions and may not run more; stop one first")
          .with("limit", shared.settings().maxSessions())
          .retryAfter(Duration.ofSeconds(5));
    }
  }

  private static boolean isLive(CompletableFuture<Session> session) {
    return !session.isDone() || (!session.isCompletedExceptionally() && !session.join().isOver());
  }

  private Created create(String id, NewSession asked, CompletableFuture<Session> mine)
      throws IOException {
    final CreateRequest request = asked.request();
    final dev.cleat.v1.Session settings = asked.settings(id);
    final InsertResult inserted;
    synchronized (names) {
      inserted =
          store.insertSession(
              Saver.row(settings, 0, ""), asked.secret(), asked.requestRow(id).orElse(null));
    }
    switch (inserted) {
      case InsertResult.Inserted() -> {}
      case InsertResult.Known(RequestRow known) -> {
        final Session session =
            same(known, request)
                .orElseThrow(() -> Refusal.noSession("session_id", known.sessionId()));
        sessions.remove(id, mine);
        mine.completeExceptionally(Refusal.noSession("session_id", id));
        return new Created(session, false);
      }
      case InsertResult.IdTaken() -> throw Refusal.idTaken(id);
      case InsertResult.NameTaken(String other) -> {
        if (request.getGetOrCreate()) {
          sessions.remove(id, mine);
          mine.completeExceptionally(Refusal.noSession("session_id", id));
          return new Created(takeOverModel(get(other), request), false);
        }
        throw Refusal.nameTaken(request.getName(), other);
      }
    }
    final Session session;
    try {
      final Journal journal = journals.create(id, loader.options(settings));
      session = new Session(shared, id, journal, new Fold(), request.getEnvMap(), "");
      session.created(settings);
      session.start();
    } catch (IOException | RuntimeException e) {
      discard(id);
      throw e;
    }
    mine.complete(session);
    if (!request.getInternal()) {
      store.setActive(request.getCaller(), id);
    }
    return new Created(session, true);
  }

  /** Nothing is left of a session that could not be started; its id may be used again. */
  private void discard(String id) {
    try {
      removeFiles(id);
      store.discardSession(id);
    } catch (RuntimeException e) {
      LOG.error("What is left of session {} could not be removed", id, e);
    }
  }

  // Changing.

  /**
   * Sets fields of a session.
   *
   * @param fields their names, see {@link Settings#FIELDS}
   * @throws Refusal NAME_TAKEN
   */
  public void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    synchronized (names) {
      if (fields.contains("name") && !values.getName().isEmpty()) {
        saver.flush();
        final Optional<SessionRow> other = store.sessionByName(values.getName());
        if (other.isPresent() && !other.get().id().equals(session.id())) {
          throw Refusal.nameTaken(values.getName(), other.get().id());
        }
      }
      session.update(values, fields);
      saver.flush();
    }
  }

  /** Starts a session's process again. */
  public void restart(Session session, Duration grace) {
    session.restart(grace);
    saver.flush();
  }

  /** Makes a session the caller's active one. */
  public void setActive(String caller, Session session) {
    store.setActive(caller, session.id());
  }

  /**
   * The caller's active session.
   *
   * @throws Refusal NO_ACTIVE_SESSION
   */
  public Session active(String caller) {
    return store
        .active(caller)
        .flatMap(this::find)
        .orElseThrow(() ->
            Refusal.of(
                    Code.NOT_FOUND,
                    ErrorReason.ERROR_REASON_NO_ACTIVE_SESSION,
                    "there is no active session; create one or call SetActive")
                .with("caller", caller));
  }

  // Deleting.

  /**
   * Deletes sessions with their children.
   *
   * @param force ends what runs first
   * @return the ids of all that were deleted
   * @throws Refusal SESSION_RUNNING, CHILDREN_RUNNING; nothing was deleted then
   */
  public List<String> delete(Collection<Session> roots, boolean force) {
    final Set<Session> all = new LinkedHashSet<>();
    for (Session root : roots) {
      final List<Session> family = family(root);
      if (!force) {
        refuseRunning(root, family);
      }
      all.addAll(family);
    }
    all.stream()
        .map(session ->
            session.stop(force ? Duration.ZERO : shared.settings().stopGrace(), "deleted"))
        .toList()
        .forEach(ended -> Session.awaitEnd(ended, Duration.ofSeconds(60)));
    final List<String> ids = all.stream().map(Session::id).toList();
    final List<dev.cleat.v1.Session> last = all.stream().map(Session::view).toList();
    store.deleteSessions(ids);
    for (dev.cleat.v1.Session session : last) {
      sessions.remove(session.getId());
      removeFiles(session.getId());
      changes.append(SessionChangeKind.SESSION_CHANGE_KIND_DELETED, session);
    }
    return ids;
  }

  private void removeFiles(String id) {
    try {
      if (!journals.delete(id)) {
        LOG.warn("Session {} had no journal", id);
      }
    } catch (IOException e) {
      LOG.error("The journal of session {} could not be deleted; the next start does it", id, e);
    }
    try {
      Workspace.of(shared.settings(), id).remove();
    } catch (IOException e) {
      LOG.warn("The working directory of session {} could not be removed", id, e);
    }
  }

  /** A session and all below it, itself first. */
  private List<Session> family(Session root) {
    final List<Session> family = new ArrayList<>(List.of(root));
    for (int i = 0; i < family.size(); i++) {
      store.children(family.get(i).id()).stream()
          .map(row -> find(row.id()))
          .flatMap(Optional::stream)
          .filter(child -> !family.contains(child))
          .forEach(family::add);
    }
    return family;
  }

  private static void refuseRunning(Session root, List<Session> family) {
    if (!root.isOver()) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_SESSION_RUNNING,
              "the session is running; stop it first, or force")
          .with("session_id", root.id());
    }
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

  // Time and the end.

  /** Closes what has been idle or alive for too long, and removes what ended long ago. */
  public void sweep() {
    new Sweep(this, shared, store).run();
  }

  /** The sessions in memory. */
  List<Session> inMemory() {
    return sessions.values().stream()
        .filter(session -> session.isDone() && !session.isCompletedExceptionally())
        .map(CompletableFuture::join)
        .toList();
  }

  /** Ends all processes, saves everything and closes the journals. */
  @Override
  public void close() throws IOException {
    final List<CompletableFuture<Void>> ending =
        inMemory().stream()
            .map(session -> session.stop(SHUTDOWN_GRACE, "the server was shut down"))
            .toList();
    for (CompletableFuture<Void> ended : ending) {
      try {
        Session.awaitEnd(ended, SHUTDOWN_GRACE.plusSeconds(10));
      } catch (Refusal e) {
        LOG.warn("A session did not end: {}", e.getMessage());
      }
    }
    inMemory().forEach(Session::abandon);
    saver.close();
    journals.close();
    store.close();
  }
}

package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import dev.cleat.server.journal.EpochRule;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.SessionQuery;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
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
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sessions of the server: made, found, listed, changed, deleted. Those that have a process are
 * in memory; the others are opened when somebody asks for them.
 *
 * <p>Thread-safe.
 */
public final class Sessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final String CHANGES = "_changes";
  private static final int LOOKERS = 4;
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
  private final Registry registry;
  private final Naming naming;
  private final Creation creation;
  private final Deletion deletion;

  /** What a Create came to. */
  public record Created(Session session, boolean created) {}

  private Sessions(
      JournalRoot journals, Store store, Saver saver, ChangeLog changes, Shared shared) {
    this.journals = journals;
    this.store = store;
    this.saver = saver;
    this.changes = changes;
    this.shared = shared;
    this.prompts = new Prompts(store, shared.clock());
    this.loader = new SessionLoader(journals, shared);
    this.registry = new Registry(store, loader);
    this.naming = new Naming(store, saver);
    this.deletion = new Deletion(registry, journals, shared);
    this.creation = new Creation(registry, journals, loader, naming, deletion, shared);
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
    new PictureFiles(settings.pictureRoot()).clear();
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
        new Shared(terminals, pipes, catalogue, store, saver, changes, settings, clock, lookers());
    final Sessions sessions = new Sessions(journals, store, saver, changes, shared);
    sessions.recover(existing);
    saver.start();
    return sessions;
  }

  /**
   * Platform threads, because file systems block in native code, and few, because they may hang.
   */
  private static ThreadPoolExecutor lookers() {
    final ThreadPoolExecutor lookers =
        new ThreadPoolExecutor(
            LOOKERS,
            LOOKERS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("cleat-looker-", 0).factory());
    lookers.allowCoreThreadTimeOut(true);
    return lookers;
  }

  private void recover(Set<String> journalIds) throws IOException {
    final int _ = store.fillResumeTokens(data -> parsed(data).getResumeToken());
    final Set<String> known = new LinkedHashSet<>(store.sessionIds());
    for (String id : journalIds) {
      if (!id.equals(CHANGES) && !known.contains(id)) {
        loader.recoverWithoutRow(id);
      }
    }
    final List<Session> revived = new ArrayList<>();
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
        break;
      }
      for (SessionRow row : page) {
        final Session session = loader.load(row);
        registry.put(session);
        if (session.process().revivesAtOnce()) {
          revived.add(session);
        }
      }
      after = SessionCursor.after(page.getLast());
    }
    revived.forEach(Sessions::revive);
  }

  private static void revive(Session session) {
    try {
      session.process().start();
    } catch (Refusal e) {
      LOG.warn("Session {} could not be started again: {}", session.id(), e.getMessage());
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
    return registry.find(id).orElseThrow(() -> Refusal.noSession("session_id", id));
  }

  /**
   * The session with exactly this name.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session getByName(String name) {
    return registry.findByName(name).orElseThrow(() -> Refusal.noSession("name", name));
  }

  /**
   * The newest session whose tool calls its own session so.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session getByResumeToken(String token) {
    saver.flush();
    return store
        .sessionByResumeToken(token)
        .flatMap(row -> registry.find(row.id()))
        .orElseThrow(() -> Refusal.noSession("resume_token", token));
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
    if (full || registry.isInMemory(row.id())) {
      final Optional<Session> session = registry.find(row.id());
      if (session.isPresent()) {
        return session.get().view();
      }
    }
    return parsed(row);
  }

  private static dev.cleat.v1.Session parsed(SessionRow row) {
    return parsed(row.data());
  }

  private static dev.cleat.v1.Session parsed(byte[] data) {
    try {
      return dev.cleat.v1.Session.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a session in the store is damaged", e);
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
    return rows.stream().map(row -> registry.find(row.id())).flatMap(Optional::stream).toList();
  }

  /** Turns of a session, newest first. */
  public List<Turn> turns(Session session, long beforeNumber, int limit) {
    saver.flush();
    return store.turns(session.id(), beforeNumber, limit).stream().map(Prompts::turn).toList();
  }

  /**
   * Creates a session and starts its process, or finds the one that an earlier call created.
   *
   * @param request valid by itself; what depends on the server is checked here
   */
  public Created create(CreateRequest request) {
    return creation.create(request);
  }

  // Changing.

  /**
   * Sets fields of a session.
   *
   * @param fields their names, see {@link Settings#FIELDS}
   * @throws Refusal NAME_TAKEN
   */
  public void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    naming.update(session, values, fields);
  }

  /** Starts a session's process again. */
  public void restart(Session session, Duration grace) {
    session.process().restart(grace);
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
        .flatMap(registry::find)
        .orElseThrow(() ->
            Refusal.of(
                    Code.NOT_FOUND,
                    ErrorReason.ERROR_REASON_NO_ACTIVE_SESSION,
                    "there is no active session; create one or call SetActive")
                .with("caller", caller));
  }

  /**
   * Deletes sessions with their children.
   *
   * @param force ends what runs first
   * @return the ids of all that were deleted
   * @throws Refusal SESSION_RUNNING, CHILDREN_RUNNING; nothing was deleted then
   */
  public List<String> delete(Collection<Session> roots, boolean force) {
    return deletion.delete(roots, force);
  }

  // Time and the end.

  /** Closes what has been idle or alive for too long, and removes what ended long ago. */
  public void sweep() {
    new Sweep(this, registry, shared).run();
  }

  /** Ends all processes, saves everything and closes the journals. */
  @Override
  public void close() throws IOException {
    final List<CompletableFuture<Void>> ending =
        registry.inMemory().stream()
            .map(session -> session.stop(SHUTDOWN_GRACE, "the server was shut down"))
            .toList();
    for (CompletableFuture<Void> ended : ending) {
      try {
        Session.awaitEnd(ended, SHUTDOWN_GRACE.plusSeconds(10));
      } catch (Refusal e) {
        LOG.warn("A session did not end: {}", e.getMessage());
      }
    }
    registry.inMemory().forEach(Session::abandon);
    shared.lookers().shutdown();
    saver.close();
    journals.close();
    store.close();
  }
}

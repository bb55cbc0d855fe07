package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.SessionQuery;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.v1.SessionState;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sessions of the server, brought back when it starts, swept, and saved when it ends. Those
 * that have a process are in memory; the others are opened when somebody asks for them. Callers get
 * at them by their tenant alone: {@link #of}.
 *
 * <p>Thread-safe.
 */
public final class Sessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final int LOOKERS = 4;
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

  private static final int PAGE = 1000;

  private final JournalRoot journals;
  private final Store store;
  private final Saver saver;
  private final Shared shared;
  private final Prompts prompts;
  private final SessionLoader loader;
  private final Registry registry;
  private final Naming naming;
  private final Creation creation;
  private final Deletion deletion;

  private Sessions(JournalRoot journals, Store store, Saver saver, Shared shared) {
    this.journals = journals;
    this.store = store;
    this.saver = saver;
    this.shared = shared;
    this.prompts = new Prompts(store, shared.clock(), shared.metrics().tracing());
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
   * @param ledgers has the journals in it already
   * @param tracing gets their turns
   * @throws IOException if a journal cannot be read or written
   */
  public static Sessions open(
      JournalRoot journals,
      Store store,
      Catalogue catalogue,
      Ledgers ledgers,
      TerminalFactory terminals,
      TerminalFactory pipes,
      Policy policy,
      Isolator isolator,
      SessionSettings settings,
      InstantSource clock,
      Tracing tracing)
      throws IOException {
    new PictureFiles(settings.pictureRoot()).clear();
    final Set<String> existing = new LinkedHashSet<>(journals.list());
    final ChangeLogs changes = new ChangeLogs(journals, store, settings.journal(), clock);
    final SessionMetrics metrics = new SessionMetrics(store, tracing);
    final Saver saver = new Saver(store, changes, metrics);
    final Shared shared =
        new Shared(
            terminals, pipes, catalogue, policy, isolator, store, ledgers, saver, changes, settings,
            clock, metrics, lookers());
    final Sessions sessions = new Sessions(journals, store, saver, shared);
    try {
      sessions.recover(existing);
    } catch (Refusal e) {
      // There is no room to write down what the last server left.
      throw new IOException(e.getMessage(), e);
    }
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

  private void recover(Set<String> journalNames) throws IOException {
    final int _ = store.fillResumeTokens(data -> parsed(data).getResumeToken());
    final Set<String> known = new LinkedHashSet<>(store.sessionIds());
    for (String name : journalNames) {
      if (!ChangeLogs.isOne(name) && !known.contains(name)) {
        loader.recoverWithoutRow(name);
      }
    }
    store.countByTenant().forEach((tenant, count) -> shared.ledgers().of(tenant).kept(count));
    final List<Session> loaded = new ArrayList<>(load(state -> !Fold.ended(state), row -> true));
    if (!journals.endedCleanly()) {
      // It may have been started again since it was saved that it had ended, or have ended again.
      loaded.addAll(load(Fold::ended, loader::isBehind));
    }
    loaded.stream().filter(session -> session.process().revivesAtOnce()).forEach(Sessions::revive);
  }

  private List<Session> load(Predicate<SessionState> states, Predicate<SessionRow> which)
      throws IOException {
    final List<Session> loaded = new ArrayList<>();
    final SessionQuery query = SessionQuery.ALL.inStates(Fold.statesWhere(states));
    @Nullable SessionCursor after = null;
    while (true) {
      final List<SessionRow> page = store.sessions(query, after, PAGE);
      if (page.isEmpty()) {
        return loaded;
      }
      for (SessionRow row : page) {
        if (which.test(row) && !registry.isInMemory(row.id())) {
          final Session session = loader.load(row);
          registry.put(session);
          loaded.add(session);
        }
      }
      after = SessionCursor.after(page.getLast());
    }
  }

  private static void revive(Session session) {
    try (LogFields.Scope _ = session.key().logged()) {
      reviveNow(session);
    }
  }

  private static void reviveNow(Session session) {
    try {
      session.process().start();
    } catch (Refusal e) {
      LOG.warn("Session {} could not be started again: {}", session.key(), e.getMessage());
    } catch (RuntimeException e) {
      // The others are to come back.
      LOG.error("Session {} could not be started again", session.key(), e);
    }
  }

  /** What is measured of them and their journals. */
  public List<Meter> meters() {
    final List<Meter> meters = new ArrayList<>(shared.metrics().meters());
    meters.addAll(journals.meters());
    meters.addAll(shared.ledgers().meters());
    return meters;
  }

  /**
   * Tries whether journals can be written now.
   *
   * @throws IOException if not
   */
  public void tryWritingJournals() throws IOException {
    journals.tryWriting();
  }

  /** Tries whether state can be saved now, and throws if not. */
  public void tryWritingState() {
    store.tryWriting();
  }

  /**
   * Whether a tenant has a session with this id, and it is in this run, which has not ended. Never
   * waits.
   */
  public boolean isInRun(String tenant, String id, int run) {
    return registry
        .present(new SessionKey(tenant, id).text())
        .filter(session -> session.isInRun(run))
        .isPresent();
  }

  /** A session as the store has it. One from before there were tenants is the first one's. */
  static dev.cleat.v1.Session parsed(SessionRow row) {
    final dev.cleat.v1.Session stored = parsed(row.data());
    return stored.getTenant().isEmpty()
        ? stored.toBuilder().setTenant(SessionKey.FIRST_TENANT).build()
        : stored;
  }

  private static dev.cleat.v1.Session parsed(byte[] data) {
    try {
      return dev.cleat.v1.Session.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a session in the store is damaged", e);
    }
  }

  /**
   * The sessions of a tenant: for its callers, there are no others.
   *
   * @throws IllegalArgumentException if no tenant may be called so
   */
  public TenantSessions of(String tenant) {
    if (!SessionKey.isName(tenant)) {
      throw new IllegalArgumentException("not a tenant");
    }
    return new TenantSessions(tenant, shared, registry, naming, creation, deletion, prompts);
  }

  /** Refuses a tenant a message of so many bytes; null if it may send it. */
  public @Nullable Refusal messageTooLong(String tenant, int size) {
    return shared.ledgers().of(tenant).messageTooLong(size);
  }

  // Time and the end.

  /** Closes what has been idle or alive for too long, and removes what ended long ago. */
  public void sweep() {
    shared.ledgers().refresh();
    new Sweep(registry, deletion, shared).run();
  }

  /** How many sessions have a turn that runs or waits, as far as can be known at once. */
  public long withTurns() {
    return registry.inMemory().stream()
        .filter(session -> session.unlessSlow(session::hasTurns).orElse(false))
        .count();
  }

  private static void awaitEnd(Session session, CompletableFuture<Void> ended, Duration patience) {
    try {
      Session.awaitEnd(ended, patience);
    } catch (Refusal e) {
      LOG.warn("Session {} did not end: {}", session.key(), e.getMessage());
    }
  }

  /** A call that restarts it may wait for just this end. */
  private static CompletableFuture<Void> stopForGood(Session session, Duration grace) {
    session.process().barStarts(true);
    try (LogFields.Scope _ = session.key().logged()) {
      return session.stop(grace, "the server was shut down");
    }
  }

  /** As {@link #close(Duration)}, with no time for the processes. */
  @Override
  public void close() throws IOException {
    close(Duration.ZERO);
  }

  /**
   * Ends all processes, saves everything and closes the journals.
   *
   * @param grace how long the processes may take before they are killed
   */
  public void close(Duration grace) throws IOException {
    final Map<Session, CompletableFuture<Void>> ending = new LinkedHashMap<>();
    final List<Session> starting = new ArrayList<>();
    for (Session session : registry.inMemory()) {
      session
          .unlessSlow(() -> stopForGood(session, grace))
          .ifPresentOrElse(ended -> ending.put(session, ended), () -> starting.add(session));
    }
    final long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
    for (Session session : starting) {
      session
          .within(Duration.ofNanos(deadline - System.nanoTime()), () -> stopForGood(session, grace))
          .ifPresentOrElse(
              ended -> ending.put(session, ended),
              () ->
                  LOG.warn(
                      "Session {} is left as it is: it could not be started or halted",
                      session.key()));
    }
    ending.forEach((session, ended) -> {
      try (LogFields.Scope _ = session.key().logged()) {
        awaitEnd(session, ended, grace.plus(STOP_PATIENCE));
      }
    });
    registry.inMemory().forEach(Session::abandon);
    shared.isolator().close();
    shared.lookers().shutdown();
    saver.close();
    if (saver.isBehind()) {
      // The next server is to look what the journals have beyond the store.
      journals.endUncleanly();
    }
    try {
      journals.close();
    } finally {
      store.close();
    }
  }
}

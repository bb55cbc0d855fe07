package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.store.ActiveKey;
import dev.cleat.server.store.Page;
import dev.cleat.server.store.SessionCursor;
import dev.cleat.server.store.SessionQuery;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of one tenant: made, found, listed, changed, deleted. A session of another tenant is
 * looked for in the same way as one that never was, and is as little there.
 *
 * <p>Thread-safe.
 */
public final class TenantSessions {
  private static final Logger LOG = LoggerFactory.getLogger(TenantSessions.class);

  /** How many sessions a call by filter handles. */
  public static final int MOST_MATCHES = 1000;

  private final String tenant;
  private final Shared shared;
  private final Registry registry;
  private final Naming naming;
  private final Creation creation;
  private final Deletion deletion;
  private final Prompts prompts;

  TenantSessions(
      String tenant,
      Shared shared,
      Registry registry,
      Naming naming,
      Creation creation,
      Deletion deletion,
      Prompts prompts) {
    this.tenant = tenant;
    this.shared = shared;
    this.registry = registry;
    this.naming = naming;
    this.creation = creation;
    this.deletion = deletion;
    this.prompts = prompts;
  }

  private Store store() {
    return shared.store();
  }

  /** The key of an id; what is no id has that of no session. */
  private String key(String id) {
    return SessionKey.isName(id) ? new SessionKey(tenant, id).text() : "";
  }

  /** What the tenant has of what its quotas limit. */
  public List<Ledger.Line> quotas() {
    return shared.ledgers().of(tenant).lines();
  }

  /** Prompts to sessions. */
  public Prompts prompts() {
    return prompts;
  }

  /** What happens to its sessions. */
  public ChangeLog changes() {
    try {
      return shared.changes().of(tenant);
    } catch (IOException e) {
      LOG.error("The changes of tenant {} cannot be read", tenant, e);
      throw Refusal.storageUnavailable();
    }
  }

  // Finding.

  /**
   * The session with this id.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session get(String id) {
    return registry.find(key(id)).orElseThrow(() -> Refusal.noSession("session_id", id));
  }

  /**
   * The session with exactly this name.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session getByName(String name) {
    return registry.findByName(tenant, name).orElseThrow(() -> Refusal.noSession("name", name));
  }

  /**
   * The newest session whose tool calls its own session so.
   *
   * @throws Refusal SESSION_NOT_FOUND
   */
  public Session getByResumeToken(String token) {
    shared.saver().flush();
    return store()
        .sessionByResumeToken(tenant, token)
        .flatMap(row -> registry.find(row.id()))
        .orElseThrow(() -> Refusal.noSession("resume_token", token));
  }

  /**
   * Sessions that match, oldest first, as they are now; no more than have so many bytes. One whose
   * start takes longer than it should is as it was before that.
   */
  public Page<dev.cleat.v1.Session> list(
      SessionFilter filter, @Nullable SessionCursor after, int limit, long bytes, boolean full) {
    shared.saver().flush();
    return store().sessions(query(filter, null), after, limit, bytes).map(row -> view(row, full));
  }

  private dev.cleat.v1.Session view(SessionRow row, boolean full) {
    // One that is being made is as its row has it: nobody waits for another's start.
    final Optional<Session> session =
        full && !registry.isInMemory(row.id())
            ? registry.find(row.id())
            : registry.present(row.id());
    return session.flatMap(Session::viewUnlessSlow).orElseGet(() -> Sessions.parsed(row));
  }

  /**
   * The place in lists behind a session that was created then and has this id.
   *
   * @param createdNanos in nanoseconds since 1970
   */
  public SessionCursor cursor(long createdNanos, String id) {
    return new SessionCursor(createdNanos, key(id));
  }

  private SessionQuery query(SessionFilter filter, @Nullable String owner) {
    return new SessionQuery(
        tenant,
        owner,
        filter.getStatesList().stream().map(SessionState::getNumber).collect(Collectors.toSet()),
        emptyToNull(filter.getTool()),
        emptyToNull(filter.getWorkspace()),
        filter.getParentId().isEmpty() ? null : key(filter.getParentId()),
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
   * @param owner only those that this one owns; null for all
   * @throws Refusal TOO_MANY_MATCHES
   */
  public List<Session> matching(SessionFilter filter, @Nullable String owner) {
    shared.saver().flush();
    final List<SessionRow> rows = store().sessions(query(filter, owner), null, MOST_MATCHES + 1);
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
  public Page<Turn> turns(Session session, long beforeNumber, int limit, long bytes) {
    shared.saver().flush();
    return store().turns(session.key().text(), beforeNumber, limit, bytes).map(Prompts::turn);
  }

  // Changing.

  /**
   * Creates a session and starts its process, or finds the one that an earlier call created.
   *
   * @param request valid by itself; what depends on the server is checked here
   * @param owner who will own it
   * @param change refuses a session that the caller may not change
   */
  public CreatedSession create(CreateRequest request, String owner, Consumer<Session> change) {
    return creation.create(new Maker(tenant, owner, change), request);
  }

  /**
   * Sets fields of a session.
   *
   * @param fields their names, see {@link Settings#FIELDS}
   * @throws Refusal NAME_TAKEN, NOT_ALLOWED
   */
  public void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    if (fields.contains("workspace")) {
      final Placement _ = Placement.of(shared, session.key(), values.getWorkspace());
    }
    naming.update(session, values, fields);
  }

  /** Starts a session's process again. */
  public void restart(Session session, Duration grace) {
    session.process().restart(grace);
    shared.saver().flush();
  }

  /**
   * Makes a session the active one of a caller.
   *
   * @param subject who calls
   * @param caller on whose behalf; each subject has an active session under each such name
   */
  public void setActive(String subject, String caller, Session session) {
    store().setActive(new ActiveKey(tenant, subject, caller), session.key().text());
  }

  /**
   * The active session of a caller.
   *
   * @throws Refusal NO_ACTIVE_SESSION
   */
  public Session active(String subject, String caller) {
    return store()
        .active(new ActiveKey(tenant, subject, caller))
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
   * @param check refuses one that may not be deleted
   * @return the ids of all that were deleted
   * @throws Refusal SESSION_RUNNING, CHILDREN_RUNNING; nothing was deleted then
   */
  public List<String> delete(Collection<Session> roots, boolean force, Consumer<Session> check) {
    return deletion.delete(roots, force, check);
  }
}

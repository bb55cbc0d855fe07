package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.session.ChangeLog;
import dev.cleat.server.session.CreatedSession;
import dev.cleat.server.session.Ledger;
import dev.cleat.server.session.Prompts;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.session.Signature;
import dev.cleat.server.session.TenantSessions;
import dev.cleat.server.store.Page;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Access;
import dev.cleat.v1.AccessScope;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.Turn;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one call reaches: the only way from a request to a session. It knows who calls and what the
 * contract asks of callers of this method; a session that it gives out is one on which the caller
 * may make the call.
 *
 * <p>A session of another tenant, and any but its own for a ticket, is looked for and missed like
 * one that never was: the same steps, the same words.
 *
 * <p>Immutable.
 */
final class Reach {
  private final Caller caller;
  private final Access rule;
  private final TenantSessions sessions;

  private Reach(Caller caller, Access rule, TenantSessions sessions) {
    this.caller = caller;
    this.rule = rule;
    this.sessions = sessions;
  }

  /**
   * What a call reaches.
   *
   * @param rule the call's
   * @throws Refusal PERMISSION_DENIED if it is about the tenant, and the caller may not make it
   */
  static Reach of(Caller caller, Access rule, Sessions all) {
    final Reach reach = new Reach(caller, rule, all.of(caller.tenant()));
    if (rule.getScope() == AccessScope.ACCESS_SCOPE_TENANT) {
      if (caller.ticketSession() != null) {
        throw denied(
            caller.role(), rule.getRole(), "a ticket is for one session, and the call for none");
      }
      reach.require(caller.role(), rule.getRole());
    }
    return reach;
  }

  // What it gives.

  /**
   * The session that a request names.
   *
   * @throws Refusal INVALID_REQUEST, SESSION_NOT_FOUND, PERMISSION_DENIED
   */
  Session session(String id, String name) {
    new Checks().session(id, name).done();
    return named(id.isEmpty() ? byName(name) : byId(id));
  }

  /** From here on, what the call logs is about it. */
  private Session named(Session session) {
    LogFields.session(caller.tenant(), session.id());
    return allowed(session);
  }

  private Session byId(String id) {
    final String only = caller.ticketSession();
    if (only == null) {
      return sessions.get(id);
    }
    final Session its = ticketSession(only, "session_id", id);
    if (!its.id().equals(id)) {
      throw Refusal.noSession("session_id", id);
    }
    return its;
  }

  private Session byName(String name) {
    final String only = caller.ticketSession();
    if (only == null) {
      return sessions.getByName(name);
    }
    final Session its = ticketSession(only, "name", name);
    if (!its.view().getName().equals(name)) {
      throw Refusal.noSession("name", name);
    }
    return its;
  }

  /**
   * The session of a resume token.
   *
   * @throws Refusal SESSION_NOT_FOUND, PERMISSION_DENIED
   */
  Session byResumeToken(String token) {
    final String only = caller.ticketSession();
    if (only == null) {
      return named(sessions.getByResumeToken(token));
    }
    final Session its = ticketSession(only, "resume_token", token);
    if (!its.view().getResumeToken().equals(token)) {
      throw Refusal.noSession("resume_token", token);
    }
    return named(its);
  }

  /** A ticket's session; where it is gone, what was asked for is not there. */
  private Session ticketSession(String only, String key, String value) {
    try {
      return sessions.get(only);
    } catch (Refusal e) {
      throw e.reason() == ErrorReason.ERROR_REASON_SESSION_NOT_FOUND
          ? Refusal.noSession(key, value)
          : e;
    }
  }

  /**
   * The sessions that a filter matches and on which the caller may make the call.
   *
   * @throws Refusal TOO_MANY_MATCHES, and PERMISSION_DENIED if it may do so on none
   */
  List<Session> matching(SessionFilter filter) {
    require(caller.role(), rule.getRole());
    final String only = caller.ticketSession();
    if (only != null) {
      final Session its = sessions.get(only);
      return WatchCall.matches(filter, its.view()) ? List.of(its) : List.of();
    }
    return sessions.matching(filter, reachesOwnOnly() ? caller.subject() : null);
  }

  /** An owner's role is that of an approver on what others own. */
  private boolean reachesOwnOnly() {
    return caller.role() == Role.ROLE_OWNER && rule.getRole() == Role.ROLE_OWNER;
  }

  /** A new session, owned by the caller, or one that there is; see {@link TenantSessions}. */
  CreatedSession create(CreateRequest request) {
    return sessions.create(request, caller.subject(), this::allowed);
  }

  // What it does with sessions that it gave.

  /** Prompts. */
  Prompts prompts() {
    return sessions.prompts();
  }

  /** Turns of a session, newest first. */
  Page<Turn> turns(Session session, long beforeNumber, int limit, long bytes) {
    return sessions.turns(session, beforeNumber, limit, bytes);
  }

  /**
   * Sets fields of a session.
   *
   * @throws Refusal NAME_TAKEN; for a ticket without saying by which
   */
  void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    try {
      sessions.update(session, values, fields);
    } catch (Refusal e) {
      final boolean told = caller.ticketSession() == null;
      throw told || e.reason() != ErrorReason.ERROR_REASON_NAME_TAKEN ? e : e.without("session_id");
    }
  }

  /** Starts the process of a session again. */
  void restart(Session session, Duration grace) {
    sessions.restart(session, grace);
  }

  /** Deletes sessions that were given out, if the caller may delete all their children too. */
  List<String> delete(List<Session> roots, boolean force) {
    return sessions.delete(roots, force, this::allowed);
  }

  /** Makes a session that was given out the caller's active one. */
  void setActive(String onBehalfOf, Session session) {
    sessions.setActive(subject(), onBehalfOf, session);
  }

  /** The caller's active session. */
  Session active(String onBehalfOf) {
    return named(sessions.active(subject(), onBehalfOf));
  }

  /** Whoever holds a ticket must not set the active session of whoever gave it to him. */
  private String subject() {
    return caller.ticketSession() == null ? caller.subject() : "";
  }

  /** What happens to the tenant's sessions. */
  ChangeLog changes() {
    return sessions.changes();
  }

  /**
   * Sessions that match, oldest first, as they are now.
   *
   * @param place behind which; null from the beginning
   */
  Page<dev.cleat.v1.Session> list(
      SessionFilter filter, PageTokens.@Nullable Place place, int limit, long bytes, boolean full) {
    return sessions.list(
        filter,
        place == null ? null : sessions.cursor(place.number(), place.text()),
        limit,
        bytes,
        full);
  }

  /** What the tenant has, and may have. */
  List<Ledger.Line> quotas() {
    return sessions.quotas();
  }

  /** The page tokens that are good for this caller. */
  PageTokens tokens() {
    return new PageTokens(caller.tenant());
  }

  /**
   * How the caller signs.
   *
   * @param given what it calls itself; may be empty
   */
  Signature signature(String given) {
    return caller.equals(Caller.ANONYMOUS)
        ? new Signature(given, "")
        : new Signature(caller.subject(), given);
  }

  // The rule.

  private Session allowed(Session session) {
    require(role(session), rule.getRole());
    return session;
  }

  /**
   * Refuses a caller who may make the call, but neither type nor set a size in it.
   *
   * @throws Refusal PERMISSION_DENIED
   */
  void requireInput(Session session) {
    require(role(session), rule.getInputRole());
  }

  /** Whether the caller may type. */
  boolean mayType(Session session) {
    return role(session).getNumber() >= rule.getInputRole().getNumber();
  }

  /** What the caller is on a session of its tenant. */
  private Role role(Session session) {
    if (caller.ticketSession() != null) {
      return session.id().equals(caller.ticketSession()) ? caller.role() : Role.ROLE_UNSPECIFIED;
    }
    final boolean others =
        caller.role() == Role.ROLE_OWNER && !session.owner().equals(caller.subject());
    return others ? Role.ROLE_APPROVER : caller.role();
  }

  private void require(Role has, Role needed) {
    if (has.getNumber() < needed.getNumber()) {
      throw denied(
          has,
          needed,
          has == Role.ROLE_APPROVER && caller.role() == Role.ROLE_OWNER
              ? "the session is another's"
              : "the caller's role does not allow the call");
    }
  }

  private static Refusal denied(Role has, Role needed, String why) {
    return Refusal.of(
            Code.PERMISSION_DENIED,
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            why + ": it is " + word(has) + ", and " + word(needed) + " is needed")
        .with("role", word(has))
        .with("needed_role", word(needed));
  }

  private static String word(Role role) {
    return role == Role.ROLE_UNSPECIFIED ? "NONE" : role.name().replace("ROLE_", "");
  }
}

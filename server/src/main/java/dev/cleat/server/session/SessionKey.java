package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.SessionOrBuilder;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A session among those of all tenants. Its id is one of its tenant's own, and all that callers
 * ever see; {@link #text} is what it is called inside: by its journal, its rows, its folder and the
 * log.
 *
 * @param tenant whose it is
 * @param id its id within the tenant
 */
record SessionKey(String tenant, String id) {
  /** Whose the sessions are that were there before there were tenants. */
  static final String FIRST_TENANT = "default";

  /** What a tenant and an id may look like. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  /** In no tenant and in no id. */
  private static final char BETWEEN = '_';

  /**
   * A key.
   *
   * @throws IllegalArgumentException if the tenant or the id is none: a key becomes the name of a
   *     file
   */
  SessionKey {
    if (!NAME.matcher(tenant).matches() || !NAME.matcher(id).matches()) {
      throw new IllegalArgumentException("not a session's key");
    }
  }

  /** Whether a tenant or a session may be called so. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** A session's tenant; that of one from before there were tenants is the first. */
  static String tenant(SessionOrBuilder session) {
    return session.getTenant().isEmpty() ? FIRST_TENANT : session.getTenant();
  }

  /** That of a session. */
  static SessionKey of(SessionOrBuilder session) {
    return new SessionKey(tenant(session), session.getId());
  }

  /** The key that is written so. */
  static SessionKey parse(String text) {
    final int between = text.indexOf(BETWEEN);
    return between < 0
        ? new SessionKey(FIRST_TENANT, text)
        : new SessionKey(text.substring(0, between), text.substring(between + 1));
  }

  /** The key that is written so, if one is. */
  static Optional<SessionKey> find(String text) {
    final int between = text.indexOf(BETWEEN);
    return isName(text.substring(between + 1))
            && (between < 0 || isName(text.substring(0, between)))
        ? Optional.of(parse(text))
        : Optional.empty();
  }

  /** In one word. The first tenant's is the id alone, as it was before there were others. */
  String text() {
    return tenant.equals(FIRST_TENANT) ? id : tenant + BETWEEN + id;
  }

  /** That of another session of the same tenant, in one word; empty for an empty id. */
  String sibling(String otherId) {
    return otherId.isEmpty() ? "" : new SessionKey(tenant, otherId).text();
  }

  /** What the current thread logs is about the session, until that is closed. */
  LogFields.Scope logged() {
    return LogFields.about(tenant, id);
  }

  @Override
  public String toString() {
    return text();
  }
}

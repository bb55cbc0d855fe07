package dev.cleat.server.session;

import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.store.MetaRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.LogFields;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The journals of changes, one for each tenant, so that not even their numbers tell a tenant of
 * others. Opened when they are first needed. Thread-safe.
 */
final class ChangeLogs {
  /** What their names begin with, and no session's key. */
  private static final String PREFIX = "_changes";

  private final JournalRoot journals;
  private final Store store;
  private final JournalOptions options;
  private final InstantSource clock;
  private final Map<String, ChangeLog> logs = new ConcurrentHashMap<>();

  /** How far one has got. */
  record Head(ChangeLog log, long seq) {
    MetaRow row() {
      return MetaRow.of(log.headName(), seq);
    }
  }

  ChangeLogs(JournalRoot journals, Store store, JournalOptions options, InstantSource clock) {
    this.journals = journals;
    this.store = store;
    this.options = options;
    this.clock = clock;
  }

  /** Whether a journal of this name is one of them, and no session's. */
  static boolean isOne(String journal) {
    return journal.startsWith(PREFIX);
  }

  /**
   * A tenant's.
   *
   * @throws IOException if it cannot be read or written
   */
  ChangeLog of(String tenant) throws IOException {
    final ChangeLog open = logs.get(tenant);
    return open == null ? open(tenant) : open;
  }

  private ChangeLog open(String tenant) throws IOException {
    // Whoever comes first may be about a session.
    try (LogFields.Scope _ = LogFields.about(tenant)) {
      return openOnce(tenant);
    }
  }

  private synchronized ChangeLog openOnce(String tenant) throws IOException {
    final ChangeLog open = logs.get(tenant);
    if (open != null) {
      return open;
    }
    // The first tenant's has the names that it had before there were others.
    final String suffix = tenant.equals(SessionKey.FIRST_TENANT) ? "" : "_" + tenant;
    final String headName = "changes_head" + suffix;
    final ChangeLog log =
        new ChangeLog(
            SessionLoader.open(
                journals, PREFIX + suffix, options, store.metaLong(headName).orElse(0)),
            headName,
            clock);
    logs.put(tenant, log);
    return log;
  }

  /** How far those have got that have got further since it was saved. */
  List<Head> unsaved() {
    return logs.values().stream()
        .map(log -> new Head(log, log.journal().head()))
        .filter(head -> head.seq() > head.log().savedHead())
        .toList();
  }

  /** These have been saved. */
  void saved(List<Head> heads) {
    heads.forEach(head -> head.log().saved(head.seq()));
  }
}

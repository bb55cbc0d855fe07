package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The SQL of sessions, their labels and secrets, and the ids of deleted ones, in a transaction. */
record SessionTable(SqlConnection sql) {
  private record Label(String sessionId, String label, String content) {}

  private record Token(String id, String token) {}

  private static final String SELECT =
      """
      SELECT s.id, s.tenant, s.owner, s.name, s.tool, s.state, s.workspace, s.parent_id, s.internal,
        s.created_nanos, s.resume_token, s.epoch, s.folded_seq, s.data, s.fold
      FROM session s %s\
      """;

  Optional<SessionRow> find(String id) throws SQLException {
    return select(SessionSelection.where("s.id = ?", id)).stream().findFirst();
  }

  Optional<SessionRow> findByName(String tenant, String name) throws SQLException {
    return select(SessionSelection.where("s.tenant = ? AND s.name = ?", tenant, name)).stream()
        .findFirst();
  }

  /** The newest session whose tool calls its own session so. */
  Optional<SessionRow> findByResumeToken(String tenant, String token) throws SQLException {
    return select(
            SessionSelection.where(
                """
                s.tenant = ? AND s.resume_token = ?
                ORDER BY s.created_nanos DESC, s.id DESC LIMIT 1\
                """,
                tenant,
                token))
        .stream()
        .findFirst();
  }

  List<SessionRow> list(SessionQuery query, @Nullable SessionCursor after, int limit)
      throws SQLException {
    return select(SessionSelection.page(query, after, limit));
  }

  Page<SessionRow> page(SessionQuery query, @Nullable SessionCursor after, int limit, long bytes)
      throws SQLException {
    SessionSelection selection = SessionSelection.page(query, after, limit + 1);
    Map<String, Map<String, String>> labels = labels(selection);
    return sql.page(
        limit,
        bytes,
        session -> session.data().length,
        SELECT.formatted(selection.sql()),
        row -> session(row, labels),
        selection.values().toArray());
  }

  /** The sessions of a selection, with their labels, which are read first. */
  private List<SessionRow> select(SessionSelection selection) throws SQLException {
    Map<String, Map<String, String>> labels = labels(selection);
    return sql.list(
        SELECT.formatted(selection.sql()),
        row -> session(row, labels),
        selection.values().toArray());
  }

  private Map<String, Map<String, String>> labels(SessionSelection selection) throws SQLException {
    Map<String, Map<String, String>> labels = new HashMap<>();
    sql.list(
            """
            SELECT session_id, label, content FROM session_label
            WHERE session_id IN (SELECT s.id FROM session s %s)\
            """
                .formatted(selection.sql()),
            row -> new Label(row.getString(1), row.getString(2), row.getString(3)),
            selection.values().toArray())
        .forEach(label ->
            labels
                .computeIfAbsent(label.sessionId(), id -> new HashMap<>())
                .put(label.label(), label.content()));
    return labels;
  }

  private static SessionRow session(ResultSet row, Map<String, Map<String, String>> labels)
      throws SQLException {
    String id = row.getString("id");
    return new SessionRow(
        id,
        row.getString("tenant"),
        row.getString("owner"),
        row.getString("name"),
        row.getString("tool"),
        row.getInt("state"),
        row.getString("workspace"),
        row.getString("parent_id"),
        row.getInt("internal") != 0,
        row.getLong("created_nanos"),
        Objects.requireNonNullElse(row.getString("resume_token"), ""),
        labels.getOrDefault(id, Map.of()),
        row.getLong("folded_seq"),
        row.getLong("epoch"),
        row.getBytes("data"),
        row.getBytes("fold"));
  }

  /** Fills in the tokens of rows that an earlier version wrote, and says how many they were. */
  int fillResumeTokens(Function<byte[], String> tokenOf) throws SQLException {
    List<Token> tokens =
        sql.list(
            "SELECT id, data FROM session WHERE resume_token IS NULL",
            row -> new Token(row.getString(1), tokenOf.apply(row.getBytes(2))));
    for (Token token : tokens) {
      sql.update("UPDATE session SET resume_token = ? WHERE id = ?", token.token(), token.id());
    }
    return tokens.size();
  }

  List<String> ids() throws SQLException {
    return sql.list("SELECT id FROM session ORDER BY created_nanos, id", row -> row.getString(1));
  }

  boolean hasOthers(String tenant) throws SQLException {
    return sql.number(
            """
            SELECT EXISTS (SELECT 1 FROM session WHERE tenant < ?)
              OR EXISTS (SELECT 1 FROM session WHERE tenant > ?)\
            """,
            tenant,
            tenant)
        > 0;
  }

  long count(Set<Integer> states) throws SQLException {
    return sql.number(
        "SELECT COUNT(*) FROM session WHERE state IN (%s)"
            .formatted(SessionSelection.placeholders(states.size())),
        states.toArray());
  }

  List<SessionCount> countByTenantStateAndTool() throws SQLException {
    return sql.list(
        "SELECT tenant, state, tool, COUNT(*) FROM session GROUP BY tenant, state, tool",
        row -> new SessionCount(row.getString(1), row.getInt(2), row.getString(3), row.getLong(4)));
  }

  Map<String, Long> countByTenant() throws SQLException {
    final Map<String, Long> counts = new HashMap<>();
    sql.list(
            "SELECT tenant, COUNT(*) FROM session GROUP BY tenant",
            row -> Map.entry(row.getString(1), row.getLong(2)))
        .forEach(count -> counts.put(count.getKey(), count.getValue()));
    return counts;
  }

  Optional<byte[]> secret(String id) throws SQLException {
    return sql.find(
        "SELECT data FROM session_secret WHERE session_id = ?", row -> row.getBytes(1), id);
  }

  /** Whether a session has, or had, this id. */
  boolean idTaken(String id) throws SQLException {
    return sql.number(
            """
            SELECT COUNT(*) FROM
              (SELECT id FROM session WHERE id = ?
                UNION ALL SELECT id FROM deleted_session WHERE id = ?) taken\
            """,
            id,
            id)
        > 0;
  }

  /** The id of another session of its tenant that has this one's name. */
  Optional<String> nameTaken(SessionRow session) throws SQLException {
    return session.name() == null
        ? Optional.empty()
        : sql.find(
            "SELECT id FROM session WHERE tenant = ? AND name = ? AND id <> ?",
            row -> row.getString(1),
            session.tenant(),
            session.name(),
            session.id());
  }

  void insert(SessionRow row, byte[] secret) throws SQLException {
    sql.update(
        """
        INSERT INTO session (id, tenant, owner, name, tool, state, workspace, parent_id, internal,
          created_nanos, resume_token, epoch, folded_seq, data, fold)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        row.id(),
        row.tenant(),
        row.owner(),
        row.name(),
        row.tool(),
        row.state(),
        row.workspace(),
        row.parentId(),
        row.internal() ? 1 : 0,
        row.createdNanos(),
        row.resumeToken(),
        row.epoch(),
        row.foldedSeq(),
        row.data(),
        row.fold());
    sql.update("INSERT INTO session_secret (session_id, data) VALUES (?, ?)", row.id(), secret);
    insertLabels(row);
  }

  /** Writes what can change of a session, unless the row is already later. */
  SaveResult save(SessionRow row) throws SQLException {
    Optional<SaveResult> refusal = refusal(row);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    sql.update(
        """
        UPDATE session SET name = ?, state = ?, workspace = ?, resume_token = ?, epoch = ?,
          folded_seq = ?, data = ?, fold = ?
        WHERE id = ?\
        """,
        row.name(),
        row.state(),
        row.workspace(),
        row.resumeToken(),
        row.epoch(),
        row.foldedSeq(),
        row.data(),
        row.fold(),
        row.id());
    if (!labels(row.id()).equals(row.labels())) {
      sql.update("DELETE FROM session_label WHERE session_id = ?", row.id());
      insertLabels(row);
    }
    return new SaveResult.Saved();
  }

  private Optional<SaveResult> refusal(SessionRow row) throws SQLException {
    Optional<SaveResult.Stale> there =
        sql.find(
            "SELECT epoch, folded_seq FROM session WHERE id = ?",
            found -> new SaveResult.Stale(found.getLong(1), found.getLong(2)),
            row.id());
    if (there.isEmpty()) {
      return Optional.of(new SaveResult.Gone());
    }
    if (there.get().isLaterThan(row.epoch(), row.foldedSeq())) {
      return Optional.of(there.get());
    }
    return nameTaken(row).map(SaveResult.NameTaken::new);
  }

  private Map<String, String> labels(String id) throws SQLException {
    Map<String, String> labels = new HashMap<>();
    sql.list(
            "SELECT label, content FROM session_label WHERE session_id = ?",
            row -> Map.entry(row.getString(1), row.getString(2)),
            id)
        .forEach(label -> labels.put(label.getKey(), label.getValue()));
    return labels;
  }

  private void insertLabels(SessionRow row) throws SQLException {
    for (Map.Entry<String, String> label : row.labels().entrySet()) {
      sql.update(
          "INSERT INTO session_label (session_id, label, content) VALUES (?, ?, ?)",
          row.id(),
          label.getKey(),
          label.getValue());
    }
  }

  /** Deletes a session with everything that hangs on it; false if there is none. */
  boolean delete(String id) throws SQLException {
    if (sql.update("DELETE FROM session WHERE id = ?", id) == 0) {
      return false;
    }
    sql.update("INSERT INTO deleted_session (id) VALUES (?)", id);
    return true;
  }

  /**
   * Removes a session with everything that hangs on it, as if it had never been; false if there is
   * none.
   */
  boolean discard(String id) throws SQLException {
    return sql.update("DELETE FROM session WHERE id = ?", id) > 0;
  }

  boolean wasDeleted(String id) throws SQLException {
    return sql.find("SELECT 1 FROM deleted_session WHERE id = ?", row -> true, id).isPresent();
  }
}

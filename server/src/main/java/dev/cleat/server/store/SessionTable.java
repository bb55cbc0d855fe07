package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** The SQL of sessions, their labels and secrets, and the ids of deleted ones, in a transaction. */
record SessionTable(Handle handle) {
  private static final String COLUMNS =
      "s.id, s.name, s.tool, s.state, s.workspace, s.parent_id, s.internal, s.created_nanos,"
          + " s.epoch, s.folded_seq, s.data, s.fold";

  Optional<SessionRow> find(String id) {
    return select("WHERE s.id = :id", sql -> sql.bind("id", id)).stream().findFirst();
  }

  Optional<SessionRow> findByName(String name) {
    return select("WHERE s.name = :name", sql -> sql.bind("name", name)).stream().findFirst();
  }

  List<SessionRow> list(SessionQuery query, @Nullable SessionCursor after, int limit) {
    List<String> conditions = conditions(query);
    if (after != null) {
      conditions.add("(s.created_nanos, s.id) > (:afterNanos, :afterId)");
    }
    String where = conditions.isEmpty() ? "" : "WHERE " + String.join(" AND ", conditions);
    return select(
        where + " ORDER BY s.created_nanos, s.id LIMIT :limit",
        sql -> {
          bind(sql, query);
          if (after != null) {
            sql.bind("afterNanos", after.createdNanos()).bind("afterId", after.id());
          }
          sql.bind("limit", limit);
        });
  }

  private static List<String> conditions(SessionQuery query) {
    List<String> conditions = new ArrayList<>();
    if (!query.states().isEmpty()) {
      conditions.add("s.state IN (<states>)");
    }
    if (query.tool() != null) {
      conditions.add("s.tool = :tool");
    }
    if (query.workspace() != null) {
      conditions.add("s.workspace = :workspace");
    }
    if (query.parentId() != null) {
      conditions.add("s.parent_id = :parentId");
    }
    for (int i = 0; i < query.labels().size(); i++) {
      conditions.add(
          """
          EXISTS (SELECT 1 FROM session_label l
            WHERE l.session_id = s.id AND l.label = :label%1$d AND l.content = :content%1$d)\
          """
              .formatted(i));
    }
    if (!query.namePrefix().isEmpty()) {
      // Not LIKE: that has wildcards, and ignores the case in one database and not in the other.
      conditions.add("substr(s.name, 1, length(:namePrefix)) = :namePrefix");
    }
    if (!query.includeInternal()) {
      conditions.add("s.internal = 0");
    }
    return conditions;
  }

  private static void bind(SqlStatement<?> sql, SessionQuery query) {
    if (!query.states().isEmpty()) {
      sql.bindList("states", List.copyOf(query.states()));
    }
    if (query.tool() != null) {
      sql.bind("tool", query.tool());
    }
    if (query.workspace() != null) {
      sql.bind("workspace", query.workspace());
    }
    if (query.parentId() != null) {
      sql.bind("parentId", query.parentId());
    }
    int i = 0;
    for (Map.Entry<String, String> label : query.labels().entrySet()) {
      sql.bind("label" + i, label.getKey()).bind("content" + i, label.getValue());
      i++;
    }
    if (!query.namePrefix().isEmpty()) {
      sql.bind("namePrefix", query.namePrefix());
    }
  }

  /** The sessions of a selection, with their labels, which are read first. */
  private List<SessionRow> select(String selection, Consumer<SqlStatement<?>> bind) {
    Map<String, Map<String, String>> labels = new HashMap<>();
    try (var query =
        handle.createQuery(
            "SELECT session_id, label, content FROM session_label WHERE session_id IN"
                + " (SELECT s.id FROM session s %s)".formatted(selection))) {
      bind.accept(query);
      query.reduceResultSet(
          labels,
          (all, row, context) -> {
            all.computeIfAbsent(row.getString("session_id"), id -> new HashMap<>())
                .put(row.getString("label"), row.getString("content"));
            return all;
          });
    }
    try (var query =
        handle.createQuery("SELECT %s FROM session s %s".formatted(COLUMNS, selection))) {
      bind.accept(query);
      return query.map((row, context) -> session(row, labels)).list();
    }
  }

  private static SessionRow session(ResultSet row, Map<String, Map<String, String>> labels)
      throws SQLException {
    String id = row.getString("id");
    return new SessionRow(
        id,
        row.getString("name"),
        row.getString("tool"),
        row.getInt("state"),
        row.getString("workspace"),
        row.getString("parent_id"),
        row.getInt("internal") != 0,
        row.getLong("created_nanos"),
        labels.getOrDefault(id, Map.of()),
        row.getLong("folded_seq"),
        row.getLong("epoch"),
        row.getBytes("data"),
        row.getBytes("fold"));
  }

  List<String> ids() {
    return handle
        .createQuery("SELECT id FROM session ORDER BY created_nanos, id")
        .mapTo(String.class)
        .list();
  }

  long count(Set<Integer> states) {
    return handle
        .createQuery("SELECT COUNT(*) FROM session WHERE state IN (<states>)")
        .bindList("states", List.copyOf(states))
        .mapTo(Long.class)
        .one();
  }

  Optional<byte[]> secret(String id) {
    return handle
        .createQuery("SELECT data FROM session_secret WHERE session_id = :id")
        .bind("id", id)
        .mapTo(byte[].class)
        .findOne();
  }

  /** Whether a session has, or had, this id. */
  boolean idTaken(String id) {
    return handle
        .createQuery(
            """
            SELECT COUNT(*) FROM
              (SELECT id FROM session WHERE id = :id
                UNION ALL SELECT id FROM deleted_session WHERE id = :id) taken\
            """)
        .bind("id", id)
        .mapTo(Boolean.class)
        .one();
  }

  /** The id of another session that has this name. */
  Optional<String> nameTaken(@Nullable String name, String id) {
    if (name == null) {
      return Optional.empty();
    }
    return handle
        .createQuery("SELECT id FROM session WHERE name = :name AND id <> :id")
        .bind("name", name)
        .bind("id", id)
        .mapTo(String.class)
        .findOne();
  }

  void insert(SessionRow row, byte[] secret) {
    try (var insert =
        handle.createUpdate(
            """
            INSERT INTO session (id, name, tool, state, workspace, parent_id, internal,
              created_nanos, epoch, folded_seq, data, fold)
            VALUES (:id, :name, :tool, :state, :workspace, :parentId, :internal,
              :createdNanos, :epoch, :foldedSeq, :data, :fold)\
            """)) {
      bindChanging(insert, row)
          .bind("tool", row.tool())
          .bind("parentId", row.parentId())
          .bind("internal", row.internal() ? 1 : 0)
          .bind("createdNanos", row.createdNanos())
          .execute();
    }
    handle
        .createUpdate("INSERT INTO session_secret (session_id, data) VALUES (:id, :secret)")
        .bind("id", row.id())
        .bind("secret", secret)
        .execute();
    insertLabels(row);
  }

  private static <S extends SqlStatement<S>> S bindChanging(S sql, SessionRow row) {
    return sql.bind("id", row.id())
        .bind("name", row.name())
        .bind("state", row.state())
        .bind("workspace", row.workspace())
        .bind("epoch", row.epoch())
        .bind("foldedSeq", row.foldedSeq())
        .bind("data", row.data())
        .bind("fold", row.fold());
  }

  /** Writes what can change of a session, unless the row is already later. */
  SaveResult save(SessionRow row) {
    Optional<SaveResult> refused = refusal(row);
    if (refused.isPresent()) {
      return refused.get();
    }
    try (var update =
        handle.createUpdate(
            """
            UPDATE session SET name = :name, state = :state, workspace = :workspace,
              epoch = :epoch, folded_seq = :foldedSeq, data = :data, fold = :fold
            WHERE id = :id\
            """)) {
      bindChanging(update, row).execute();
    }
    if (!labels(row.id()).equals(row.labels())) {
      handle.execute("DELETE FROM session_label WHERE session_id = ?", row.id());
      insertLabels(row);
    }
    return new SaveResult.Saved();
  }

  private Optional<SaveResult> refusal(SessionRow row) {
    Optional<SaveResult.Stale> there =
        handle
            .createQuery("SELECT epoch, folded_seq FROM session WHERE id = :id")
            .bind("id", row.id())
            .map((found, context) -> new SaveResult.Stale(found.getLong(1), found.getLong(2)))
            .findOne();
    if (there.isEmpty()) {
      return Optional.of(new SaveResult.Gone());
    }
    if (there.get().isLaterThan(row.epoch(), row.foldedSeq())) {
      return Optional.of(there.get());
    }
    return nameTaken(row.name(), row.id()).map(SaveResult.NameTaken::new);
  }

  private Map<String, String> labels(String id) {
    Map<String, String> labels = new HashMap<>();
    return handle
        .createQuery("SELECT label, content FROM session_label WHERE session_id = :id")
        .bind("id", id)
        .reduceResultSet(
            labels,
            (all, row, context) -> {
              all.put(row.getString("label"), row.getString("content"));
              return all;
            });
  }

  private void insertLabels(SessionRow row) {
    if (row.labels().isEmpty()) {
      return;
    }
    try (PreparedBatch batch =
        handle.prepareBatch(
            "INSERT INTO session_label (session_id, label, content)"
                + " VALUES (:id, :label, :content)")) {
      row.labels()
          .forEach((label, content) ->
              batch.bind("id", row.id()).bind("label", label).bind("content", content).add());
      batch.execute();
    }
  }

  /** Deletes a session with everything that hangs on it; false if there is none. */
  boolean delete(String id) {
    if (handle.execute("DELETE FROM session WHERE id = ?", id) == 0) {
      return false;
    }
    handle.execute("INSERT INTO deleted_session (id) VALUES (?)", id);
    return true;
  }
}

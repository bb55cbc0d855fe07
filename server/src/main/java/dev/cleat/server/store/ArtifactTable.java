package dev.cleat.server.store;

import java.sql.SQLException;
import java.util.List;

/** The SQL of media files, in a transaction. */
record ArtifactTable(SqlConnection sql) {
  List<ArtifactRow> list(String sessionId) throws SQLException {
    return sql.list(
        "SELECT session_id, id, number, data FROM artifact WHERE session_id = ? ORDER BY number",
        row ->
            new ArtifactRow(
                row.getString("id"),
                row.getString("session_id"),
                row.getLong("number"),
                row.getBytes("data")),
        sessionId);
  }

  void upsert(ArtifactRow artifact) throws SQLException {
    sql.update(
        """
        INSERT INTO artifact (session_id, id, number, data) VALUES (?, ?, ?, ?)
        ON CONFLICT (session_id, id) DO UPDATE SET number = excluded.number, data = excluded.data\
        """,
        artifact.sessionId(),
        artifact.id(),
        artifact.number(),
        artifact.data());
  }

  void delete(String sessionId, String id) throws SQLException {
    sql.update("DELETE FROM artifact WHERE session_id = ? AND id = ?", sessionId, id);
  }
}

package dev.cleat.server.store;

import java.sql.SQLException;
import java.util.Optional;

/** The SQL of callers' active sessions, in a transaction. */
record ActiveTable(SqlConnection sql) {
  boolean set(ActiveKey key, String sessionId) throws SQLException {
    int rows =
        sql.update(
            """
            INSERT INTO active_session (tenant, subject, caller, session_id)
            SELECT ?, ?, ?, id FROM session WHERE id = ?
            ON CONFLICT (tenant, subject, caller) DO UPDATE SET session_id = excluded.session_id\
            """,
            key.tenant(),
            key.subject(),
            key.caller(),
            sessionId);
    return rows > 0;
  }

  Optional<String> get(ActiveKey key) throws SQLException {
    return sql.find(
        """
        SELECT session_id FROM active_session WHERE tenant = ? AND subject = ? AND caller = ?\
        """,
        row -> row.getString(1),
        key.tenant(),
        key.subject(),
        key.caller());
  }
}

package dev.cleat.server.store;

import java.sql.SQLException;
import java.util.Optional;

/** The SQL of callers' active sessions, in a transaction. */
record ActiveTable(SqlConnection sql) {
  boolean set(String caller, String sessionId) throws SQLException {
    int rows =
        sql.update(
            """
            INSERT INTO active_session (caller, session_id)
            SELECT ?, id FROM session WHERE id = ?
            ON CONFLICT (caller) DO UPDATE SET session_id = excluded.session_id\
            """,
            caller,
            sessionId);
    return rows > 0;
  }

  Optional<String> get(String caller) throws SQLException {
    return sql.find(
        "SELECT session_id FROM active_session WHERE caller = ?", row -> row.getString(1), caller);
  }
}

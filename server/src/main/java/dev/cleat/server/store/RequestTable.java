package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** The SQL of request ids, in a transaction. */
record RequestTable(SqlConnection sql) {
  Optional<RequestRow> find(RequestRow.Kind kind, String tenant, String requestId, long nowMillis)
      throws SQLException {
    return sql.find(
        """
        SELECT kind, tenant, request_id, fingerprint, session_id, turn_id, expires_millis
        FROM request WHERE kind = ? AND tenant = ? AND request_id = ? AND expires_millis > ?\
        """,
        RequestTable::request,
        kind.name(),
        tenant,
        requestId,
        nowMillis);
  }

  private static RequestRow request(ResultSet row) throws SQLException {
    return new RequestRow(
        RequestRow.Kind.valueOf(row.getString("kind")),
        row.getString("tenant"),
        row.getString("request_id"),
        row.getBytes("fingerprint"),
        row.getString("session_id"),
        row.getString("turn_id"),
        row.getLong("expires_millis"));
  }

  /** Inserts a request id; one that was there is known to have expired. */
  void insert(RequestRow request) throws SQLException {
    sql.update(
        """
        INSERT INTO request
          (kind, tenant, request_id, fingerprint, session_id, turn_id, expires_millis)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (kind, tenant, request_id) DO UPDATE SET fingerprint = excluded.fingerprint,
          session_id = excluded.session_id, turn_id = excluded.turn_id,
          expires_millis = excluded.expires_millis\
        """,
        request.kind().name(),
        request.tenant(),
        request.requestId(),
        request.fingerprint(),
        request.sessionId(),
        request.turnId(),
        request.expiresMillis());
  }

  int purge(long nowMillis) throws SQLException {
    return sql.update("DELETE FROM request WHERE expires_millis <= ?", nowMillis);
  }
}

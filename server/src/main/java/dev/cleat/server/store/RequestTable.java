package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** The SQL of request ids, in a transaction. */
record RequestTable(Handle handle) {
  Optional<RequestRow> find(RequestRow.Kind kind, String requestId, long nowMillis) {
    return handle
        .createQuery(
            """
            SELECT kind, request_id, fingerprint, session_id, turn_id, expires_millis FROM request
            WHERE kind = :kind AND request_id = :requestId AND expires_millis > :now\
            """)
        .bind("kind", kind.name())
        .bind("requestId", requestId)
        .bind("now", nowMillis)
        .map(RequestTable::request)
        .findOne();
  }

  private static RequestRow request(ResultSet row, StatementContext context) throws SQLException {
    return new RequestRow(
        RequestRow.Kind.valueOf(row.getString("kind")),
        row.getString("request_id"),
        row.getBytes("fingerprint"),
        row.getString("session_id"),
        row.getString("turn_id"),
        row.getLong("expires_millis"));
  }

  /** Inserts a request id; one that was there is known to have expired. */
  void insert(RequestRow request) {
    handle
        .createUpdate(
            """
            INSERT INTO request (kind, request_id, fingerprint, session_id, turn_id, expires_millis)
            VALUES (:kind, :requestId, :fingerprint, :sessionId, :turnId, :expiresMillis)
            ON CONFLICT (kind, request_id) DO UPDATE SET fingerprint = excluded.fingerprint,
              session_id = excluded.session_id, turn_id = excluded.turn_id,
              expires_millis = excluded.expires_millis\
            """)
        .bind("kind", request.kind().name())
        .bind("requestId", request.requestId())
        .bind("fingerprint", request.fingerprint())
        .bind("sessionId", request.sessionId())
        .bind("turnId", request.turnId())
        .bind("expiresMillis", request.expiresMillis())
        .execute();
  }

  int purge(long nowMillis) {
    return handle.execute("DELETE FROM request WHERE expires_millis <= ?", nowMillis);
  }
}

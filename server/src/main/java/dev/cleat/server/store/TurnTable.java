package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** The SQL of turns, in a transaction. */
record TurnTable(SqlConnection sql) {
  private static final String SELECT =
      "SELECT session_id, id, number, state, ended, data FROM turn ";

  Optional<TurnRow> find(String sessionId, String id) throws SQLException {
    return sql.find(SELECT + "WHERE session_id = ? AND id = ?", TurnTable::turn, sessionId, id);
  }

  Page<TurnRow> page(String sessionId, long beforeNumber, int limit, long bytes)
      throws SQLException {
    return sql.page(
        limit,
        bytes,
        turn -> turn.data().length,
        SELECT + "WHERE session_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
        TurnTable::turn,
        sessionId,
        beforeNumber,
        limit + 1L);
  }

  List<TurnRow> unfinished(String sessionId) throws SQLException {
    return sql.list(
        SELECT + "WHERE session_id = ? AND ended = 0 ORDER BY number", TurnTable::turn, sessionId);
  }

  private static TurnRow turn(ResultSet row) throws SQLException {
    return new TurnRow(
        row.getString("id"),
        row.getString("session_id"),
        row.getLong("number"),
        row.getInt("state"),
        row.getInt("ended") != 0,
        row.getBytes("data"));
  }

  void upsert(TurnRow turn) throws SQLException {
    sql.update(
        """
        INSERT INTO turn (session_id, id, number, state, ended, data) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (session_id, id) DO UPDATE SET number = excluded.number,
          state = excluded.state, ended = excluded.ended, data = excluded.data\
        """,
        turn.sessionId(),
        turn.id(),
        turn.number(),
        turn.state(),
        turn.ended() ? 1 : 0,
        turn.data());
  }

  /** Writes a turn if it is there. */
  void update(TurnRow turn) throws SQLException {
    sql.update(
        "UPDATE turn SET number = ?, state = ?, ended = ?, data = ? WHERE session_id = ? AND id ="
            + " ?",
        turn.number(),
        turn.state(),
        turn.ended() ? 1 : 0,
        turn.data(),
        turn.sessionId(),
        turn.id());
  }

  void delete(String sessionId, String id) throws SQLException {
    sql.update("DELETE FROM turn WHERE session_id = ? AND id = ?", sessionId, id);
  }

  /** Deletes the ended turns but for the newest ones, and those that a retry may ask for. */
  int trim(String sessionId, int keep) throws SQLException {
    // The newest that goes; there is none, and nothing is smaller than NULL, when there are fewer.
    return sql.update(
        """
        DELETE FROM turn WHERE session_id = ? AND ended = 1 AND number <=
          (SELECT number FROM turn WHERE session_id = ? AND ended = 1
            ORDER BY number DESC LIMIT 1 OFFSET ?)
          AND id NOT IN
          (SELECT turn_id FROM request WHERE session_id = ? AND turn_id IS NOT NULL)\
        """,
        sessionId,
        sessionId,
        keep,
        sessionId);
  }
}

package dev.cleat.server.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.StatementContext;

/** The SQL of turns, in a transaction. */
record TurnTable(Handle handle) {
  private static final String SELECT =
      "SELECT id, session_id, number, state, ended, data FROM turn ";

  Optional<TurnRow> find(String sessionId, String id) {
    return handle
        .createQuery(SELECT + "WHERE session_id = :sessionId AND id = :id")
        .bind("sessionId", sessionId)
        .bind("id", id)
        .map(TurnTable::turn)
        .findOne();
  }

  List<TurnRow> list(String sessionId, long beforeNumber, int limit) {
    return handle
        .createQuery(
            SELECT
                + "WHERE session_id = :sessionId AND number < :before"
                + " ORDER BY number DESC LIMIT :limit")
        .bind("sessionId", sessionId)
        .bind("before", beforeNumber)
        .bind("limit", limit)
        .map(TurnTable::turn)
        .list();
  }

  List<TurnRow> unfinished(String sessionId) {
    return handle
        .createQuery(SELECT + "WHERE session_id = :sessionId AND ended = 0 ORDER BY number")
        .bind("sessionId", sessionId)
        .map(TurnTable::turn)
        .list();
  }

  private static TurnRow turn(ResultSet row, StatementContext context) throws SQLException {
    return new TurnRow(
        row.getString("id"),
        row.getString("session_id"),
        row.getLong("number"),
        row.getInt("state"),
        row.getInt("ended") != 0,
        row.getBytes("data"));
  }

  void upsert(Collection<TurnRow> turns) {
    if (turns.isEmpty()) {
      return;
    }
    try (PreparedBatch batch =
        handle.prepareBatch(
            """
            INSERT INTO turn (session_id, id, number, state, ended, data)
            VALUES (:sessionId, :id, :number, :state, :ended, :data)
            ON CONFLICT (session_id, id) DO UPDATE SET number = excluded.number,
              state = excluded.state, ended = excluded.ended, data = excluded.data\
            """)) {
      for (TurnRow turn : turns) {
        batch
            .bind("sessionId", turn.sessionId())
            .bind("id", turn.id())
            .bind("number", turn.number())
            .bind("state", turn.state())
            .bind("ended", turn.ended() ? 1 : 0)
            .bind("data", turn.data())
            .add();
      }
      batch.execute();
    }
  }

  void delete(String sessionId, Collection<String> ids) {
    for (String id : ids) {
      handle.execute("DELETE FROM turn WHERE session_id = ? AND id = ?", sessionId, id);
    }
  }

  /** Deletes the ended turns but for the newest ones. */
  int trim(String sessionId, int keep) {
    // The newest that goes; there is none, and nothing is smaller than NULL, when there are fewer.
    return handle
        .createUpdate(
            """
            DELETE FROM turn WHERE session_id = :sessionId AND ended = 1 AND number <=
              (SELECT number FROM turn WHERE session_id = :sessionId AND ended = 1
                ORDER BY number DESC LIMIT 1 OFFSET :keep)\
            """)
        .bind("sessionId", sessionId)
        .bind("keep", keep)
        .execute();
  }
}

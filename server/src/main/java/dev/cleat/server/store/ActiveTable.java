package dev.cleat.server.store;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The SQL of callers' active sessions, in a transaction. */
record ActiveTable(Handle handle) {
  boolean set(String caller, String sessionId) {
    return handle
            .createUpdate(
                """
                INSERT INTO active_session (caller, session_id)
                SELECT :caller, id FROM session WHERE id = :sessionId
                ON CONFLICT (caller) DO UPDATE SET session_id = excluded.session_id\
                """)
            .bind("caller", caller)
            .bind("sessionId", sessionId)
            .execute()
        > 0;
  }

  Optional<String> get(String caller) {
    return handle
        .createQuery("SELECT session_id FROM active_session WHERE caller = :caller")
        .bind("caller", caller)
        .mapTo(String.class)
        .findOne();
  }
}

package dev.cleat.server.session;

import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Gives sessions their names, which are unique among their tenant's that exist. Thread-safe: one
 * caller at a time, as a changed name is in the journal before it is in the store.
 */
final class Naming {
  private final Store store;
  private final Saver saver;

  Naming(Store store, Saver saver) {
    this.store = store;
    this.saver = saver;
  }

  /** Puts a new session into the store. */
  synchronized InsertResult insert(
      SessionRow session, byte[] secret, @Nullable RequestRow request) {
    return store.insertNewSession(session, secret, request);
  }

  /**
   * Sets fields of a session.
   *
   * @param fields their names, see {@link Settings#FIELDS}
   * @throws Refusal NAME_TAKEN
   */
  synchronized void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    if (fields.contains("name") && !values.getName().isEmpty()) {
      saver.flush();
      final Optional<SessionRow> other =
          store.sessionByName(session.key().tenant(), values.getName());
      if (other.isPresent() && !other.get().id().equals(session.key().text())) {
        throw Refusal.nameTaken(values.getName(), SessionKey.parse(other.get().id()).id());
      }
    }
    session.update(values, fields);
    saver.flush();
  }
}

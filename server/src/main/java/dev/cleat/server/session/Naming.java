package dev.cleat.server.session;

import dev.cleat.server.store.InsertResult;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.SessionRow;
import dev.cleat.server.store.Store;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Gives sessions their names, which are unique among their tenant's that exist. A changed name is
 * in the journal before it is in the store, for long where the session's start takes long: until
 * then it is claimed here, and nobody waits for that session but who changes it. Thread-safe.
 */
final class Naming {
  private record Name(String tenant, String name) {}

  /**
   * @param given whether it is in the session's journal, and will be in the store
   */
  private record Claim(Session session, boolean given) {}

  private final Store store;
  private final Saver saver;
  private final Map<Name, Claim> claims = new HashMap<>();

  Naming(Store store, Saver saver) {
    this.store = store;
    this.saver = saver;
  }

  /** Puts a new session into the store. */
  synchronized InsertResult insert(
      SessionRow session, byte[] secret, @Nullable RequestRow request) {
    if (session.name() != null) {
      final Optional<Session> claimant = claimant(new Name(session.tenant(), session.name()));
      if (claimant.isPresent()) {
        return new InsertResult.NameTaken(claimant.get().key().text());
      }
    }
    return store.insertNewSession(session, secret, request);
  }

  /**
   * Sets fields of a session.
   *
   * @param fields their names, see {@link Settings#FIELDS}
   * @throws Refusal NAME_TAKEN
   */
  void update(Session session, dev.cleat.v1.Session values, List<String> fields) {
    if (!fields.contains("name") || values.getName().isEmpty()) {
      session.update(values, fields);
      saver.flush();
      return;
    }
    final Name name = new Name(session.key().tenant(), values.getName());
    // Others may have given it up.
    saver.flush();
    claim(name, session);
    boolean given = false;
    try {
      session.update(values, fields);
      given = true;
      saver.flush();
    } finally {
      settle(name, session, given);
    }
  }

  private synchronized void claim(Name name, Session session) {
    final Optional<String> other =
        claimant(name)
            .map(claimant -> claimant.key().text())
            .or(() -> store.sessionByName(name.tenant(), name.name()).map(SessionRow::id))
            .filter(id -> !id.equals(session.key().text()));
    if (other.isPresent()) {
      throw Refusal.nameTaken(name.name(), SessionKey.parse(other.get()).id());
    }
    claims.put(name, new Claim(session, false));
  }

  /** Whoever has the name, or is being given it, though the store may not say so yet. */
  private Optional<Session> claimant(Name name) {
    final Claim claim = claims.get(name);
    if (claim == null) {
      return Optional.empty();
    }
    if (claim.given()) {
      // What was too slow to be saved at once is saved in its time, unless it is asked for.
      saver.save(claim.session());
      saver.flush();
      if (!saver.isBehind(claim.session())) {
        // The store knows.
        claims.remove(name);
        return Optional.empty();
      }
    }
    return Optional.of(claim.session());
  }

  private synchronized void settle(Name name, Session session, boolean given) {
    final Claim claim = claims.get(name);
    if (claim == null || claim.session() != session) {
      return;
    }
    if (given) {
      // First, as the store may not answer: a claim that is never settled would be for ever.
      claims.put(name, new Claim(session, true));
    }
    if (!given || isStored(name, session)) {
      claims.remove(name);
    }
  }

  private boolean isStored(Name name, Session session) {
    return store
        .sessionByName(name.tenant(), name.name())
        .filter(row -> row.id().equals(session.key().text()))
        .isPresent();
  }
}

package dev.cleat.server.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The server's state in one database file.
 *
 * <p>Every method may be called by any thread, and returns when it is done. Each is one
 * transaction: done whole or not at all, also over {@code kill -9}. Writes are done one after the
 * other; reads run beside them and see the state between two writes. Callers that are interrupted
 * wait on, and stay interrupted. After a crash of the machine the last transactions may be missing,
 * each whole.
 *
 * <p>Every method throws {@link StoreFullException} when the disk is full, {@link
 * StoreUnreadableException} when it meets damage, and {@link StoreException} for any other failure
 * of the database and after {@link #close}; nothing was changed then.
 */
public final class Store implements AutoCloseable {
  private static final int READERS = 2;

  private final Path file;
  private final InstantSource clock;
  private final Lane writer;
  private final Lane readers;

  private Store(Path file, InstantSource clock) {
    this.file = file;
    this.clock = clock;
    this.writer = new Lane("cleat-store-write", 1, () -> Sqlite.openForWriting(file));
    this.readers = new Lane("cleat-store-read", READERS, () -> Sqlite.openForReading(file));
  }

  /** As {@link #open(Path, InstantSource)}, by the machine's clock. */
  public static Store open(Path file) {
    return open(file, InstantSource.system());
  }

  /**
   * Opens the database, and makes it if there is none. The caller sees to it that no other process
   * has it open.
   *
   * @param file in a folder that exists; what is there is never replaced by a new database
   * @param clock tells when request ids expire
   * @throws StoreUnreadableException if the file is not a database, damaged, or of a newer version
   * @throws StoreUnwritableException if the file or its folder may not be written
   * @throws StoreFullException if the disk is full
   */
  public static Store open(Path file, InstantSource clock) {
    try {
      new DatabaseFile(file).prepare();
      Store store = new Store(file, clock);
      store.takeWhatReadingNeeds();
      return store;
    } catch (IOException e) {
      throw new StoreUnwritableException("%s cannot be made: %s".formatted(file, e), e);
    } catch (SQLException e) {
      throw Sqlite.failure(file, e);
    }
  }

  /** The log's index is made by the first transaction; later there may be no room for it. */
  private void takeWhatReadingNeeds() {
    try {
      write(sql -> new MetaTable(sql).get(""));
    } catch (StoreException e) {
      close();
      throw e;
    }
  }

  /** Inserts a session with its secret and, if there is one, the id of the request for it. */
  public InsertResult insertSession(
      SessionRow session, byte[] secret, @Nullable RequestRow request, MetaRow... meta) {
    return write(sql -> {
      InsertResult result = insert(sql, session, secret, request, false);
      if (result instanceof InsertResult.Inserted) {
        new MetaTable(sql).put(meta);
      }
      return result;
    });
  }

  /** As {@link #insertSession}, but for a session whose parent is not there. */
  public InsertResult insertNewSession(
      SessionRow session, byte[] secret, @Nullable RequestRow request) {
    return write(sql -> insert(sql, session, secret, request, true));
  }

  private InsertResult insert(
      SqlConnection sql,
      SessionRow session,
      byte[] secret,
      @Nullable RequestRow request,
      boolean belowParent)
      throws SQLException {
    Optional<RequestRow> known = known(sql, request);
    if (known.isPresent()) {
      return new InsertResult.Known(known.get());
    }
    SessionTable sessions = new SessionTable(sql);
    if (sessions.idTaken(session.id())) {
      return new InsertResult.IdTaken();
    }
    Optional<String> other = sessions.nameTaken(session);
    if (other.isPresent()) {
      return new InsertResult.NameTaken(other.get());
    }
    String parent = session.parentId();
    if (belowParent && parent != null && sessions.find(parent).isEmpty()) {
      return new InsertResult.ParentGone();
    }
    sessions.insert(session, secret);
    if (request != null) {
      new RequestTable(sql).insert(request);
    }
    return new InsertResult.Inserted();
  }

  /**
   * Inserts a turn and, if there is one, the id of the request for it.
   *
   * @return empty when both were inserted; what the request id stands for when it was used before,
   *     and nothing was inserted
   * @throws StoreException also if there is no such session
   */
  public Optional<RequestRow> insertTurn(TurnRow turn, @Nullable RequestRow request) {
    return write(sql -> {
      Optional<RequestRow> known = known(sql, request);
      if (known.isEmpty()) {
        new TurnTable(sql).upsert(turn);
        if (request != null) {
          new RequestTable(sql).insert(request);
        }
      }
      return known;
    });
  }

  private Optional<RequestRow> known(SqlConnection sql, @Nullable RequestRow request)
      throws SQLException {
    return request == null
        ? Optional.empty()
        : new RequestTable(sql)
            .find(request.kind(), request.tenant(), request.requestId(), clock.millis());
  }

  /**
   * Writes a session's state, turns and files, unless the row is already at a later (epoch, seq).
   */
  public SaveResult saveFold(FoldUpdate update, MetaRow... meta) {
    return saveFolds(List.of(update), meta).getFirst();
  }

  /**
   * Writes the state of many sessions in one transaction. What cannot be written is left out, and
   * does not keep the others from being written.
   *
   * @param meta written in any case
   * @return the results, in the order of the updates
   */
  public List<SaveResult> saveFolds(List<FoldUpdate> updates, MetaRow... meta) {
    return write(sql -> {
      SessionTable sessions = new SessionTable(sql);
      TurnTable turns = new TurnTable(sql);
      List<SaveResult> results = new ArrayList<>(updates.size());
      for (FoldUpdate update : updates) {
        SaveResult result = sessions.save(update.session());
        if (result instanceof SaveResult.Saved) {
          for (String removed : update.removedTurnIds()) {
            turns.delete(update.session().id(), removed);
          }
          for (TurnRow turn : update.turns()) {
            turns.upsert(turn);
          }
          for (TurnRow turn : update.amendedTurns()) {
            turns.update(turn);
          }
          saveArtifacts(new ArtifactTable(sql), update);
        }
        if (!(result instanceof SaveResult.Gone)) {
          saveRequests(sql, update);
        }
        results.add(result);
      }
      new MetaTable(sql).put(meta);
      return List.copyOf(results);
    });
  }

  private void saveRequests(SqlConnection sql, FoldUpdate update) throws SQLException {
    for (RequestRow request : update.requests()) {
      if (known(sql, request).isEmpty()) {
        for (TurnRow turn : update.turns()) {
          if (turn.id().equals(request.turnId())) {
            new TurnTable(sql).upsert(turn);
          }
        }
        new RequestTable(sql).insert(request);
      }
    }
  }

  private static void saveArtifacts(ArtifactTable artifacts, FoldUpdate update)
      throws SQLException {
    for (String removed : update.removedArtifactIds()) {
      artifacts.delete(update.session().id(), removed);
    }
    for (ArtifactRow artifact : update.artifacts()) {
      artifacts.upsert(artifact);
    }
  }

  /**
   * Deletes sessions with their turns, files, request ids and active marks; their own ids stay
   * taken.
   *
   * @return the ids that were there
   */
  public List<String> deleteSessions(Collection<String> ids, MetaRow... meta) {
    return write(sql -> {
      SessionTable sessions = new SessionTable(sql);
      List<String> deleted = new ArrayList<>();
      for (String id : ids) {
        if (sessions.delete(id)) {
          deleted.add(id);
        }
      }
      new MetaTable(sql).put(meta);
      return List.copyOf(deleted);
    });
  }

  /**
   * Removes a session that came to nothing, with all that is its; its id may be used again.
   *
   * @return whether it was there
   */
  public boolean discardSession(String id) {
    return write(handle -> new SessionTable(handle).discard(id));
  }

  /** Whether a session with this id was deleted. */
  public boolean wasDeleted(String id) {
    return read(handle -> new SessionTable(handle).wasDeleted(id));
  }

  /** The session with this id. */
  public Optional<SessionRow> session(String id) {
    return read(sql -> new SessionTable(sql).find(id));
  }

  /** The tenant's session with exactly this name. */
  public Optional<SessionRow> sessionByName(String tenant, String name) {
    return read(sql -> new SessionTable(sql).findByName(tenant, name));
  }

  /**
   * The tenant's newest session whose tool calls its own session so.
   *
   * @param token not empty
   */
  public Optional<SessionRow> sessionByResumeToken(String tenant, String token) {
    return read(sql -> new SessionTable(sql).findByResumeToken(tenant, token));
  }

  /**
   * Fills in the resume tokens of sessions that an earlier version wrote, so that they are found.
   *
   * @param tokenOf reads the token from {@link SessionRow#data}; empty for none
   * @return how many sessions that were
   */
  public int fillResumeTokens(Function<byte[], String> tokenOf) {
    return write(sql -> new SessionTable(sql).fillResumeTokens(tokenOf));
  }

  /**
   * Sessions by age, oldest first, and by id where the age is the same.
   *
   * @param after only those behind this place; null from the beginning
   * @param limit at most this many; at least 1
   */
  public List<SessionRow> sessions(SessionQuery query, @Nullable SessionCursor after, int limit) {
    return read(sql -> new SessionTable(sql).list(query, after, limit));
  }

  /**
   * The first of them, in the same order.
   *
   * @param bytes no more than whose data have so many together, but one
   */
  public Page<SessionRow> sessions(
      SessionQuery query, @Nullable SessionCursor after, int limit, long bytes) {
    return read(sql -> new SessionTable(sql).page(query, after, limit, bytes));
  }

  /** The sessions whose parent is this one, oldest first. */
  public List<SessionRow> children(String parentId) {
    return sessions(SessionQuery.ALL.below(parentId), null, Integer.MAX_VALUE);
  }

  /** The ids of all sessions, oldest first. */
  public List<String> sessionIds() {
    return read(sql -> new SessionTable(sql).ids());
  }

  /** Whether there are sessions of another tenant than this one. */
  public boolean hasSessionsOfOthers(String tenant) {
    return read(sql -> new SessionTable(sql).hasOthers(tenant));
  }

  /** How many sessions are in one of these states. */
  public long countSessions(Set<Integer> states) {
    return states.isEmpty() ? 0 : read(sql -> new SessionTable(sql).count(states));
  }

  /** How many sessions there are, by tenant, state and tool; none where there are none. */
  public List<SessionCount> countByTenantStateAndTool() {
    return read(sql -> new SessionTable(sql).countByTenantStateAndTool());
  }

  /** How many sessions each tenant has; none where there are none. */
  public Map<String, Long> countByTenant() {
    return read(sql -> new SessionTable(sql).countByTenant());
  }

  /**
   * Writes something that changes nothing, and forgets it.
   *
   * @throws StoreException when the state cannot be written now
   */
  public void tryWriting() {
    putMeta(MetaRow.of("tried", clock.millis()));
  }

  /** What was inserted as the secret of this session. */
  public Optional<byte[]> secret(String sessionId) {
    return read(sql -> new SessionTable(sql).secret(sessionId));
  }

  /** A turn of a session. */
  public Optional<TurnRow> turn(String sessionId, String turnId) {
    return read(sql -> new TurnTable(sql).find(sessionId, turnId));
  }

  /**
   * Turns of a session, newest first.
   *
   * @param beforeNumber only those with a smaller number; {@link Long#MAX_VALUE} from the newest
   * @param limit at most this many; at least 1
   * @param bytes no more than have so many together, but one
   */
  public Page<TurnRow> turns(String sessionId, long beforeNumber, int limit, long bytes) {
    return read(sql -> new TurnTable(sql).page(sessionId, beforeNumber, limit, bytes));
  }

  /** The turns of a session that have not ended, oldest first. */
  public List<TurnRow> unfinishedTurns(String sessionId) {
    return read(sql -> new TurnTable(sql).unfinished(sessionId));
  }

  /** The media files of a session, in the order in which they were found. */
  public List<ArtifactRow> artifacts(String sessionId) {
    return read(sql -> new ArtifactTable(sql).list(sessionId));
  }

  /**
   * Deletes the ended turns of a session but for the newest ones.
   *
   * @param keep how many ended turns stay; at least 0
   * @return how many went
   */
  public int trimTurns(String sessionId, int keep) {
    return write(sql -> new TurnTable(sql).trim(sessionId, keep));
  }

  /** What came of a tenant's request id, unless it has expired. */
  public Optional<RequestRow> request(RequestRow.Kind kind, String tenant, String requestId) {
    return read(sql -> new RequestTable(sql).find(kind, tenant, requestId, clock.millis()));
  }

  /** Deletes the request ids that have expired, and says how many they were. */
  public int purgeRequests() {
    return write(sql -> new RequestTable(sql).purge(clock.millis()));
  }

  /** Makes a session the caller's active one; false if there is no such session. */
  public boolean setActive(ActiveKey caller, String sessionId) {
    return write(sql -> new ActiveTable(sql).set(caller, sessionId));
  }

  /** The id of the caller's active session. */
  public Optional<String> active(ActiveKey caller) {
    return read(sql -> new ActiveTable(sql).get(caller));
  }

  /** A value of the server. */
  public Optional<byte[]> meta(String name) {
    return read(sql -> new MetaTable(sql).get(name));
  }

  /** A number of the server, as {@link MetaRow#of} wrote it. */
  public OptionalLong metaLong(String name) {
    return meta(name)
        .map(content -> OptionalLong.of(ByteBuffer.wrap(content).getLong()))
        .orElseGet(OptionalLong::empty);
  }

  /** Writes values of the server, over what was there. */
  public void putMeta(MetaRow... meta) {
    write(sql -> {
      new MetaTable(sql).put(meta);
      return true;
    });
  }

  private <T> T read(SqlConnection.Work<T> work) {
    return run(readers, work);
  }

  private <T> T write(SqlConnection.Work<T> work) {
    return run(writer, work);
  }

  private <T> T run(Lane lane, SqlConnection.Work<T> work) {
    try {
      return lane.run(work);
    } catch (SQLException e) {
      throw Sqlite.failure(file, e);
    }
  }

  /** Ends what is under way, and puts everything into the one file. */
  @Override
  public void close() {
    // The last connection to close empties the log, and that must be one that can write.
    try (writer) {
      readers.close();
    } catch (SQLException e) {
      throw Sqlite.failure(file, e);
    }
  }
}

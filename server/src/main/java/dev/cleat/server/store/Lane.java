package dev.cleat.server.store;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Connections, and as many platform threads that alone use them: SQLite blocks in native code,
 * which would hold the carriers of virtual threads.
 *
 * <p>Any thread may call {@link #run}; it waits until its work is done, also when interrupted, so
 * that it always knows the outcome. With one connection, work is done one after the other in the
 * order of the calls.
 */
final class Lane implements AutoCloseable {
  /** Opens a connection. */
  @FunctionalInterface
  interface Opener {
    SqlConnection open() throws SQLException;
  }

  /** A connection, or the place of one; only one thread at a time has it. */
  private final class Slot {
    private @Nullable SqlConnection connection;

    <T> T inTransaction(SqlConnection.Work<T> work) throws SQLException {
      SqlConnection open = connection;
      if (open == null) {
        open = opener.open();
        connection = open;
      }
      try {
        return open.inTransaction(work);
      } catch (SQLException | RuntimeException e) {
        // Kept if it can be: on a full disk there may be no room to open another.
        if (!open.recover(e)) {
          close(e);
        }
        throw e;
      }
    }

    private void close(Exception why) {
      try {
        close();
      } catch (SQLException e) {
        why.addSuppressed(e);
      }
    }

    void close() throws SQLException {
      SqlConnection open = connection;
      connection = null;
      if (open != null) {
        open.close();
      }
    }
  }

  private final Opener opener;
  private final BlockingQueue<Slot> idle = new LinkedBlockingQueue<>();
  private final ExecutorService threads;

  /** Opens no connection yet. */
  Lane(String name, int connections, Opener opener) {
    this.opener = opener;
    for (int i = 0; i < connections; i++) {
      idle.add(new Slot());
    }
    this.threads =
        Executors.newFixedThreadPool(
            connections, Thread.ofPlatform().daemon().name(name).factory());
  }

  /** Does the work in a transaction of its own. */
  <T> T run(SqlConnection.Work<T> work) throws SQLException {
    Future<T> future;
    try {
      future = threads.submit(() -> inTransaction(work));
    } catch (RejectedExecutionException e) {
      throw new StoreException("The store is closed", e);
    }
    return await(future);
  }

  private <T> T inTransaction(SqlConnection.Work<T> work) throws SQLException {
    Slot slot = idle.remove();
    try {
      return slot.inTransaction(work);
    } finally {
      idle.add(slot);
    }
  }

  private static <T> T await(Future<T> future) throws SQLException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrown(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What the work threw. */
  private static SQLException rethrown(ExecutionException e) {
    return switch (e.getCause()) {
      case SQLException sql -> sql;
      case RuntimeException runtime -> throw runtime;
      case Error error -> throw error;
      case null, default -> throw new IllegalStateException(e);
    };
  }

  /** Waits for the work that was begun or queued, and closes the connections. */
  @Override
  public void close() throws SQLException {
    threads.close();
    List<Slot> slots = new ArrayList<>();
    idle.drainTo(slots);
    @Nullable SQLException failure = null;
    for (Slot slot : slots) {
      try {
        slot.close();
      } catch (SQLException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}

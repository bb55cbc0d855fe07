package dev.cleat.server.store;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/**
 * Connections, and as many platform threads that alone use them: SQLite blocks in native code,
 * which would hold the carriers of virtual threads.
 *
 * <p>Any thread may call {@link #run}; it waits until its work is done, also when interrupted, so
 * that it always knows the outcome. With one connection, work is done one after the other in the
 * order of the calls.
 */
final class Lane implements AutoCloseable {
  private final Supplier<Handle> opener;
  private final BlockingQueue<Handle> idle;
  private final ExecutorService threads;

  /** Opens the connections. */
  Lane(String name, int connections, Supplier<Handle> opener) {
    this.opener = opener;
    this.idle = new ArrayBlockingQueue<>(connections);
    try {
      for (int i = 0; i < connections; i++) {
        idle.add(opener.get());
      }
    } catch (RuntimeException e) {
      idle.forEach(Handle::close);
      throw e;
    }
    this.threads =
        Executors.newFixedThreadPool(
            connections, Thread.ofPlatform().daemon().name(name).factory());
  }

  /** Does the work in a transaction of its own, and returns or throws what it does. */
  <T> T run(Function<Handle, T> work) {
    try {
      return CompletableFuture.supplyAsync(() -> inTransaction(work), threads).join();
    } catch (RejectedExecutionException e) {
      throw new StoreException("The store is closed", e);
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private <T> T inTransaction(Function<Handle, T> work) {
    Handle handle = idle.remove();
    try {
      return handle.inTransaction(work::apply);
    } catch (RuntimeException e) {
      handle = fresh(handle, e);
      throw e;
    } finally {
      idle.add(handle);
    }
  }

  /**
   * A new connection for one whose transaction failed: after some failures, a full disk among them,
   * SQLite has rolled back by itself and the driver believes otherwise.
   */
  private Handle fresh(Handle failed, RuntimeException why) {
    try {
      Handle fresh = opener.get();
      close(failed, why);
      return fresh;
    } catch (RuntimeException e) {
      // The next transaction fails on the old one, or works on it, or comes here again.
      why.addSuppressed(e);
      return failed;
    }
  }

  private static void close(Handle handle, RuntimeException why) {
    try {
      handle.close();
    } catch (RuntimeException e) {
      why.addSuppressed(e);
    }
  }

  /** Waits for the work that was begun or queued, and closes the connections. */
  @Override
  public void close() {
    threads.close();
    idle.forEach(Handle::close);
    idle.clear();
  }
}

package dev.cleat.server.boot;

import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootInUseException;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.rpc.Draining;
import dev.cleat.server.rpc.Services;
import dev.cleat.server.session.SessionSettings;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.store.Store;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.CatalogueException;
import dev.cleat.server.tool.ShellInit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: everything wired together, from the journals up to the listening port.
 *
 * <p>Thread-safe. {@link #close} may be called by any thread, and returns when everything is saved.
 */
public final class CleatServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CleatServer.class);
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private final Sessions sessions;
  private final Draining draining;
  private final Endpoint endpoint;
  private final ScheduledExecutorService sweeper;
  private final Duration grace;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);

  private CleatServer(
      Sessions sessions,
      Draining draining,
      Endpoint endpoint,
      ScheduledExecutorService sweeper,
      Duration grace) {
    this.sessions = sessions;
    this.draining = draining;
    this.endpoint = endpoint;
    this.sweeper = sweeper;
    this.grace = grace;
  }

  /**
   * Starts a server.
   *
   * @throws StartupException if it cannot start; nothing is left running then
   */
  public static CleatServer start(Config config) throws StartupException {
    Logging.start(config.logLevel());
    final DataFolder data;
    final Catalogue catalogue;
    try {
      data = DataFolder.prepare(config.data());
      final ShellInit shells = ShellInit.install(data.shells());
      catalogue =
          config.catalogue() == null
              ? Catalogue.builtIn(shells)
              : Catalogue.open(config.catalogue(), shells);
    } catch (IOException e) {
      throw new StartupException(
          "the data folder %s cannot be used: %s; choose another with --data"
              .formatted(config.data(), reason(e)),
          e);
    } catch (CatalogueException e) {
      throw new StartupException("the catalogue is wrong: " + e.getMessage(), e);
    }
    final Sessions sessions = openSessions(config, data, catalogue);
    final Draining draining = new Draining();
    final EventLoops loops = new EventLoops();
    try {
      final Services services =
          new Services(
              sessions,
              catalogue,
              draining,
              config.session().stopGrace(),
              config.limits().inputBytes(),
              config.limits().messageBytes());
      final Endpoint endpoint = Endpoint.open(config, services, loops);
      final ScheduledExecutorService sweeper =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("cleat-sweeper").factory());
      // It never ends and never throws: nobody needs its future.
      final var _ =
          sweeper.scheduleWithFixedDelay(
              () -> sweep(sessions), SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
      return new CleatServer(sessions, draining, endpoint, sweeper, config.shutdownGrace());
    } catch (IOException e) {
      closeQuietly(sessions);
      loops.close();
      throw new StartupException(
          "cannot listen on "
              + config.listen()
              + ": "
              + reason(e)
              + "; choose another with --listen",
          e);
    }
  }

  private static Sessions openSessions(Config config, DataFolder data, Catalogue catalogue)
      throws StartupException {
    final JournalRoot journals = openJournals(config, data);
    try {
      final Store store = Store.open(data.state());
      return Sessions.open(
          journals,
          store,
          catalogue,
          new PtyTerminals(),
          new PipeTerminals(),
          settings(config, data),
          InstantSource.system());
    } catch (IOException | StoreException e) {
      try (journals) {
        throw new StartupException(
            "the state in " + data.path() + " cannot be opened: " + reason(e), e);
      } catch (IOException closing) {
        throw new StartupException(
            "the state in " + data.path() + " cannot be opened: " + reason(e), closing);
      }
    }
  }

  private static JournalRoot openJournals(Config config, DataFolder data) throws StartupException {
    try {
      final JournalRootOptions defaults = JournalRootOptions.defaults();
      return JournalRoot.open(
          data.journals(),
          new JournalRootOptions(
              config.journal().syncInterval(),
              defaults.maintenanceInterval(),
              defaults.recentBytes()));
    } catch (JournalRootInUseException e) {
      throw new StartupException(
          "another server has the data folder "
              + data.path()
              + " open; stop it, or choose another with --data",
          e);
    } catch (IOException e) {
      throw new StartupException(
          "the journals in " + data.path() + " cannot be opened: " + reason(e), e);
    }
  }

  private static SessionSettings settings(Config config, DataFolder data) {
    return new SessionSettings(
        new JournalOptions(
            config.journal().segmentBytes(),
            Math.toIntExact(config.journal().memoryBytes()),
            Retentions.of(config.retention()),
            SyncPolicy.valueOf(config.journal().sync().name())),
        data.workspaces(),
        data.pictures(),
        config.session().idleTimeout(),
        config.retention().ended(),
        config.session().stopGrace(),
        config.limits().sessions(),
        config.limits().clientsPerSession(),
        config.limits().queue(),
        config.limits().messageBytes(),
        config.turns().keep(),
        config.artifacts().roots());
  }

  private static void sweep(Sessions sessions) {
    try {
      sessions.sweep();
    } catch (RuntimeException e) {
      // It comes again in a moment; without this it never would.
      LOG.warn("Sessions could not be swept", e);
    }
  }

  /** Some of the messages of the file system are the name of the file and nothing else. */
  private static String reason(Exception e) {
    final String message = String.valueOf(e.getMessage());
    return e instanceof java.nio.file.FileSystemException file && file.getReason() == null
        ? message + " (" + words(e.getClass().getSimpleName()) + ")"
        : message;
  }

  private static String words(String className) {
    return className
        .replace("Exception", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(java.util.Locale.ROOT);
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      LOG.warn("Closing failed", e);
    }
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return endpoint.address();
  }

  /** Waits until it has been closed, and everything is saved. */
  public void awaitTermination() throws InterruptedException {
    closed.await();
  }

  /**
   * Shuts down: says so to health checks, refuses new work, tells clients to connect again, ends
   * the processes, saves everything. In this order, so that no client is told of an end that it
   * could have been told of in words.
   */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    LOG.info("Shutting down");
    endpoint.notServing();
    draining.start();
    endpoint.drain(grace);
    sweeper.shutdownNow();
    closeQuietly(sessions);
    endpoint.close();
    closed.countDown();
  }
}

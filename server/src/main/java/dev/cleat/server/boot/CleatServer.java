package dev.cleat.server.boot;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootInUseException;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.server.journal.JournalSizes;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.rpc.Draining;
import dev.cleat.server.rpc.Services;
import dev.cleat.server.session.Ledgers;
import dev.cleat.server.session.SessionSettings;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.store.Store;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.telemetry.Outage;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.OwnProcess;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import dev.cleat.server.wire.Bounds;
import dev.cleat.server.yaml.WrongFileException;
import io.grpc.ServerInterceptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
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
  private final Watching watching;
  private final ScheduledExecutorService sweeper;
  private final Shutdown shutdown;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable AdminPort admin;

  private CleatServer(
      Sessions sessions,
      Draining draining,
      Endpoint endpoint,
      Watching watching,
      ScheduledExecutorService sweeper,
      Shutdown shutdown) {
    this.sessions = sessions;
    this.draining = draining;
    this.endpoint = endpoint;
    this.watching = watching;
    this.sweeper = sweeper;
    this.shutdown = shutdown;
  }

  /**
   * Starts a server.
   *
   * @throws StartupException if it cannot start; nothing is left running then
   */
  public static CleatServer start(Config config) throws StartupException {
    return start(config, new ServerInterceptor[0]);
  }

  /**
   * Starts a server some of whose callers are identified in another way.
   *
   * @param callers may put who calls into the context of a call; see {@link
   *     dev.cleat.server.auth.CallerContext}
   * @throws StartupException if it cannot start; nothing is left running then
   */
  public static CleatServer start(Config config, ServerInterceptor... callers)
      throws StartupException {
    Logging.start(config.logLevel(), config.telemetry().logFormat());
    final Bounds bounds = Endpoint.bounds(config.limits());
    final DataFolder data;
    final Catalogue catalogue;
    final Policy policy = openPolicy(config);
    OwnProcess.hide();
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
    } catch (WrongFileException e) {
      throw new StartupException("the catalogue is wrong: " + e.getMessage(), e);
    }
    final Watching watching = Watching.open(config.telemetry());
    final Sessions sessions = openSessions(config, data, catalogue, policy, watching);
    final Draining draining = new Draining(config.shutdown().retryAfter());
    final EventLoops loops = new EventLoops();
    try {
      final Identities identities = Identities.open(config, data, sessions);
      final Services services =
          new Services(
              sessions,
              catalogue,
              policy,
              identities.tickets(),
              draining,
              watching.audit(),
              config.session().stopGrace(),
              config.limits().inputBytes(),
              config.limits().messageBytes(),
              bounds.sendBytes());
      final Endpoint endpoint =
          Endpoint.open(config, bounds, services, identities, callers, watching, loops);
      final ScheduledExecutorService sweeper =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("cleat-sweeper").factory());
      final Outage outage = new Outage(LOG, "Sweeping the sessions");
      // It never ends and never throws: nobody needs its future.
      final var _ =
          sweeper.scheduleWithFixedDelay(
              () -> sweep(sessions, outage),
              SWEEP.toMillis(),
              SWEEP.toMillis(),
              TimeUnit.MILLISECONDS);
      final CleatServer server =
          new CleatServer(
              sessions,
              draining,
              endpoint,
              watching,
              sweeper,
              new Shutdown(config.shutdown(), config.session().stopGrace()));
      server.openAdmin(config.telemetry(), services);
      return server;
    } catch (StartupException e) {
      closeQuietly(sessions);
      loops.close();
      watching.close();
      throw e;
    } catch (IOException e) {
      closeQuietly(sessions);
      loops.close();
      watching.close();
      throw new StartupException(
          "cannot listen on "
              + config.listen()
              + ": "
              + reason(e)
              + "; choose another with --listen",
          e);
    }
  }

  private void openAdmin(Config.Telemetry config, Services services) throws StartupException {
    final ListenAddress listen = config.admin();
    if (listen == null) {
      return;
    }
    final List<Meter> meters = new ArrayList<>(sessions.meters());
    meters.addAll(services.meters());
    meters.addAll(endpoint.meters());
    meters.addAll(watching.audit().meters());
    final Readiness readiness =
        new Readiness(
            () -> closing.get() || draining.isStarted(),
            sessions::tryWritingJournals,
            sessions::tryWritingState);
    try {
      final AdminPort port = AdminPort.open(listen, readiness, meters);
      admin = port;
      LOG.info("Probes and metrics on {}", ListenAddress.of(port.address()));
    } catch (IOException e) {
      final String message =
          "cannot listen on %s for probes and metrics: %s; choose another with %s, or none"
              .formatted(listen, reason(e), ConfigKeys.ADMIN_LISTEN.flag());
      if (!listen.toString().equals(ConfigKeys.USUAL_ADMIN)) {
        close();
        throw new StartupException(message, e);
      }
      // Nobody need have asked for it: a second server on a machine starts as the first did.
      LOG.warn("There are no probes and metrics: {}", message);
    }
  }

  private static Policy openPolicy(Config config) throws StartupException {
    try {
      return config.policy() == null ? Policy.none() : Policy.open(config.policy());
    } catch (WrongFileException e) {
      throw new StartupException("the policy is wrong: " + e.getMessage(), e);
    }
  }

  private static Sessions openSessions(
      Config config, DataFolder data, Catalogue catalogue, Policy policy, Watching watching)
      throws StartupException {
    try {
      return openSessions(config, data, catalogue, policy, watching.tracing());
    } catch (StartupException e) {
      watching.close();
      throw e;
    }
  }

  private static Sessions openSessions(
      Config config, DataFolder data, Catalogue catalogue, Policy policy, Tracing tracing)
      throws StartupException {
    final Ledgers ledgers = new Ledgers(policy, config.limits().sessions());
    final JournalRoot journals = openJournals(config, data, ledgers);
    try {
      final Isolator isolator =
          policy.isSet() ? Isolator.open(data.path()) : Isolator.none(data.path());
      try {
        refuseIfUnmet(policy, isolator, config.isolation().allowSameUser());
        return Sessions.open(
            journals,
            Store.open(data.state()),
            catalogue,
            ledgers,
            new PtyTerminals(),
            new PipeTerminals(),
            policy,
            isolator,
            settings(config, data),
            InstantSource.system(),
            tracing);
      } catch (StartupException | StoreException | IOException e) {
        isolator.close();
        throw e;
      }
    } catch (StartupException e) {
      closeQuietly(journals);
      throw e;
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

  private static JournalRoot openJournals(Config config, DataFolder data, JournalSizes sizes)
      throws StartupException {
    try {
      final JournalRootOptions defaults = JournalRootOptions.defaults();
      return JournalRoot.open(
          data.journals(),
          new JournalRootOptions(
              config.journal().syncInterval(),
              defaults.maintenanceInterval(),
              defaults.recentBytes()),
          sizes);
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

  /** Refuses a policy that this machine, or this server, cannot keep. */
  private static void refuseIfUnmet(Policy policy, Isolator isolator, boolean allowSameUser)
      throws StartupException {
    final List<String> missing = new ArrayList<>(isolator.missing(policy));
    if (policy.hasSeveralTenants() && !allowSameUser) {
      policy.tenants().stream()
          .filter(tenant ->
              policy
                  .tenant(tenant)
                  .defaultWorkspace()
                  .flatMap(policy::workspace)
                  .filter(workspace -> !workspace.sharesUser())
                  .isEmpty())
          .forEach(tenant ->
              missing.add(
                  "tenant %s: its sessions would run as the server's user beside those of others;"
                          .formatted(tenant)
                      + " give it a default_workspace with own-user, sandbox or a prefix, or say "
                      + ConfigKeys.ISOLATION_ALLOW_SAME_USER.flag()));
    }
    if (!missing.isEmpty()) {
      throw new StartupException("the policy cannot be kept here:\n" + String.join("\n", missing));
    }
    isolator.says(policy).forEach(LOG::info);
  }

  private static SessionSettings settings(Config config, DataFolder data) throws IOException {
    return new SessionSettings(
        new JournalOptions(
            config.journal().segmentBytes(),
            Math.toIntExact(config.journal().memoryBytes()),
            Retentions.of(config.retention()),
            SyncPolicy.valueOf(config.journal().sync().name())),
        data.path().toRealPath(),
        data.workspaces(),
        data.pictures(),
        config.session().idleTimeout(),
        config.retention().ended(),
        config.session().stopGrace(),
        config.limits().clientsPerSession(),
        config.limits().queue(),
        config.limits().messageBytes(),
        config.turns().keep(),
        config.artifacts().roots(),
        config.isolation().allowSameUser());
  }

  /** Never throws: it would not come again. */
  private static void sweep(Sessions sessions, Outage outage) {
    try {
      sessions.sweep();
      outage.over();
    } catch (StoreException e) {
      outage.failed(e);
    } catch (RuntimeException e) {
      outage.broke(e);
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

  /** Where its probes and metrics are; empty if nowhere. */
  public Optional<InetSocketAddress> adminAddress() {
    return Optional.ofNullable(admin).map(AdminPort::address);
  }

  /** Waits until it has been closed, and everything is saved. */
  public void awaitTermination() throws InterruptedException {
    closed.await();
  }

  /** Shuts down more quickly: turns, calls and processes get no more time. */
  public void hurry() {
    LOG.info("Shutting down at once");
    shutdown.hurry();
  }

  /**
   * Shuts down: says so to health checks, refuses new work, gives turns their time, tells clients
   * to connect again, ends the processes, saves everything. In this order, so that no client is
   * told of an end that it could have been told of in words.
   */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      try {
        awaitTermination();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return;
    }
    try {
      shutDown();
    } finally {
      closed.countDown();
    }
  }

  private void shutDown() {
    LOG.info("Shutting down");
    endpoint.notServing();
    draining.quiesce();
    shutdown.awaitTurns(sessions, draining);
    draining.start();
    endpoint.drain();
    shutdown.awaitCalls(endpoint);
    sweeper.shutdownNow();
    closeQuietly(() -> sessions.close(shutdown.stopGrace()));
    endpoint.close();
    watching.close();
    final AdminPort port = admin;
    if (port != null) {
      port.close();
    }
  }
}

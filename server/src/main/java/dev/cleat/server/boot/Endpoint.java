package dev.cleat.server.boot;

import dev.cleat.server.rpc.Authentication;
import dev.cleat.server.rpc.Services;
import dev.cleat.server.telemetry.Calls;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.wire.Bounds;
import dev.cleat.server.wire.Doorkeeper;
import dev.cleat.server.wire.Patience;
import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The listening port and what is served on it. */
final class Endpoint implements AutoCloseable {
  /** They show the connections of all tenants. */
  private static final Set<String> FOR_ADMINISTRATORS = Set.of(ChannelzGrpc.SERVICE_NAME);

  private static final int CHANNELZ_PAGE = 100;
  private static final int METADATA_BYTES = 16 << 10;
  private static final int INPUT_WINDOW = 256 << 10;
  private static final int LARGEST_MESSAGE = 64 << 20;
  private static final int LIBRARY_MESSAGE = 16 << 10;
  private static final Duration KEEPALIVE_PERMITTED = Duration.ofSeconds(5);
  private static final Duration KEEPALIVE = Duration.ofSeconds(30);
  private static final Duration KEEPALIVE_PATIENCE = Duration.ofSeconds(20);

  /** To speak TLS, and then HTTP/2. */
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** For a request to come, and for an answer to be taken. */
  private static final Duration MESSAGE_PATIENCE = Duration.ofMinutes(2);

  private static final Duration SWEEP = Duration.ofSeconds(1);

  private static final int RESETS_SECONDS = 10;

  private final Server server;
  private final HealthStatusManager health;
  private final LibraryStreams streams;
  private final ExecutorService calls;
  private final EventLoops loops;
  private final List<Meter> meters;

  private Endpoint(
      Server server,
      HealthStatusManager health,
      LibraryStreams streams,
      ExecutorService calls,
      EventLoops loops,
      List<Meter> meters) {
    this.server = server;
    this.health = health;
    this.streams = streams;
    this.calls = calls;
    this.loops = loops;
    this.meters = List.copyOf(meters);
  }

  /** What its clients may take of the process. */
  static Bounds bounds(Config.Limits limits) throws StartupException {
    final long descriptors = Bounds.descriptors();
    if (limits.connections() >= descriptors) {
      throw new StartupException(
          "limits.connections is %d, and this process may have %d files open; make it less, or allow"
                  .formatted(limits.connections(), descriptors)
              + " the process more (ulimit -n)");
    }
    return Bounds.of(limits.connections(), limits.streams(), limits.streamsPerConnection());
  }

  /**
   * Listens.
   *
   * @param callers look at each call of our services once more after it is known who makes it
   */
  static Endpoint open(
      Config config,
      Bounds bounds,
      Services services,
      Identities identities,
      ServerInterceptor[] callers,
      Watching watching,
      EventLoops loops)
      throws IOException {
    final InetSocketAddress address = config.listen().resolve();
    final HealthStatusManager health = new HealthStatusManager();
    final LibraryStreams streams = new LibraryStreams();
    final ExecutorService calls =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cleat-call-", 0).factory());
    final Authentication authentication =
        new Authentication(
            identities.authenticator(), withoutCredential(config.open()), FOR_ADMINISTRATORS);
    final ServerCredentials credentials =
        identities.tls() == null
            ? InsecureServerCredentials.create()
            : identities.tls().credentials();
    final Doorkeeper door = new Doorkeeper(bounds);
    final NettyServerBuilder builder =
        loops
            .with(NettyServerBuilder.forAddress(address, credentials), door)
            .intercept(authentication)
            // Fixed: what comes in is little, and finding out a better one costs pings.
            .flowControlWindow(INPUT_WINDOW)
            .executor(calls)
            .callExecutor(new AttachOnItsEventLoop(calls, authentication))
            // What is larger than our own limit is refused by us, with the field and the fix in the
            // answer.
            .maxInboundMessageSize(Math.max(2 * config.limits().messageBytes(), LARGEST_MESSAGE))
            .maxInboundMetadataSize(METADATA_BYTES)
            .maxConcurrentCallsPerConnection(bounds.streamsPerConnection())
            .maxRstFramesPerWindow(bounds.resets(), RESETS_SECONDS)
            .handshakeTimeout(HANDSHAKE.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(KEEPALIVE_PERMITTED.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .keepAliveTime(KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(KEEPALIVE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    final List<ServerServiceDefinition> served = new ArrayList<>();
    served.add(library(health.getHealthService(), streams));
    served.add(library(ProtoReflectionServiceV1.newInstance(), streams));
    for (ServerServiceDefinition service : services.all()) {
      served.add(ServerInterceptors.intercept(service, callers));
      health.setStatus(service.getServiceDescriptor().getName(), ServingStatus.SERVING);
    }
    if (config.channelz() && address.getAddress().isLoopbackAddress()) {
      served.add(
          Services.checked(
              ChannelzService.newInstance(CHANNELZ_PAGE).bindService(), LIBRARY_MESSAGE));
    }
    served.forEach(builder::addService);
    final Calls observed = new Calls(served, watching.tracing(), watching.audit());
    builder.addStreamTracerFactory(observed);
    final Patience patience = new Patience(bounds, MESSAGE_PATIENCE);
    builder.addStreamTracerFactory(patience);
    builder.intercept(patience);
    loops.every(SWEEP, patience::sweep);
    final List<Meter> meters = new ArrayList<>(observed.meters());
    meters.addAll(authentication.meters());
    meters.addAll(door.meters());
    meters.addAll(patience.meters());
    return new Endpoint(builder.build().start(), health, streams, calls, loops, meters);
  }

  /** A service of the library's: its requests are small. */
  private static ServerServiceDefinition library(BindableService service, LibraryStreams streams) {
    return ServerInterceptors.intercept(
        Services.checked(service.bindService(), LIBRARY_MESSAGE), streams);
  }

  /**
   * Attach takes its messages on the event loop of its connection, which saves a change of threads
   * for each keystroke: its handlers never wait. Everything else may wait, on virtual threads.
   */
  private record AttachOnItsEventLoop(Executor calls, Authentication authentication)
      implements ServerCallExecutorSupplier {
    /** Called on a virtual thread. */
    @Override
    public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
      if (!Services.isOnEventLoop(call.getMethodDescriptor())) {
        return calls;
      }
      authentication.prepare(headers);
      return Runnable::run;
    }
  }

  /** Services that are answered without a credential. */
  private static Set<String> withoutCredential(Config.Open open) {
    final Set<String> services = new HashSet<>();
    if (open.health()) {
      services.add(HealthGrpc.SERVICE_NAME);
    }
    if (open.reflection()) {
      services.add(ServerReflectionGrpc.SERVICE_NAME);
    }
    return services;
  }

  /** What is measured of connections and calls, and of those that are nobody's. */
  List<Meter> meters() {
    return meters;
  }

  InetSocketAddress address() {
    return (InetSocketAddress) server.getListenSockets().getFirst();
  }

  /** Says to health checks that it is going, for good. */
  void notServing() {
    health.enterTerminalState();
  }

  /** Takes no more calls. */
  void drain() {
    server.shutdown();
    streams.end();
  }

  /** Cuts the calls that are under way. */
  void abort() {
    server.shutdownNow();
  }

  /** Whether no call is under way any more. */
  boolean isDrained() {
    return server.isTerminated();
  }

  @Override
  public void close() {
    server.shutdownNow();
    calls.shutdownNow();
    loops.close();
  }
}

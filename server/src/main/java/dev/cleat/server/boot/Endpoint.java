package dev.cleat.server.boot;

import dev.cleat.server.rpc.Services;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The listening port and what is served on it. */
final class Endpoint implements AutoCloseable {
  private static final int CHANNELZ_PAGE = 100;
  private static final int METADATA_BYTES = 16 << 10;
  private static final int INPUT_WINDOW = 1 << 20;
  private static final int LARGEST_MESSAGE = 64 << 20;
  private static final Duration KEEPALIVE_PERMITTED = Duration.ofSeconds(5);
  private static final Duration KEEPALIVE = Duration.ofSeconds(30);
  private static final Duration KEEPALIVE_PATIENCE = Duration.ofSeconds(20);

  private final Server server;
  private final HealthStatusManager health;
  private final LibraryStreams streams;
  private final ExecutorService calls;
  private final EventLoops loops;

  private Endpoint(
      Server server,
      HealthStatusManager health,
      LibraryStreams streams,
      ExecutorService calls,
      EventLoops loops) {
    this.server = server;
    this.health = health;
    this.streams = streams;
    this.calls = calls;
    this.loops = loops;
  }

  static Endpoint open(Config config, Services services, EventLoops loops) throws IOException {
    final InetSocketAddress address = config.listen().resolve();
    final HealthStatusManager health = new HealthStatusManager();
    final LibraryStreams streams = new LibraryStreams();
    final ExecutorService calls =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cleat-call-", 0).factory());
    final NettyServerBuilder builder =
        loops
            .with(NettyServerBuilder.forAddress(address))
            // Fixed: what comes in is little, and finding out a better one costs pings.
            .flowControlWindow(INPUT_WINDOW)
            .executor(calls)
            .callExecutor(new AttachOnItsEventLoop(calls))
            // What is larger than our own limit is refused by us, with the field and the fix in the
            // answer.
            .maxInboundMessageSize(Math.max(2 * config.limits().messageBytes(), LARGEST_MESSAGE))
            .maxInboundMetadataSize(METADATA_BYTES)
            .permitKeepAliveTime(KEEPALIVE_PERMITTED.toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .keepAliveTime(KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(KEEPALIVE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .addService(ServerInterceptors.intercept(health.getHealthService(), streams))
            .addService(
                ServerInterceptors.intercept(ProtoReflectionServiceV1.newInstance(), streams));
    for (ServerServiceDefinition service : services.all()) {
      builder.addService(service);
      health.setStatus(service.getServiceDescriptor().getName(), ServingStatus.SERVING);
    }
    if (config.channelz() && address.getAddress().isLoopbackAddress()) {
      builder.addService(ChannelzService.newInstance(CHANNELZ_PAGE));
    }
    return new Endpoint(builder.build().start(), health, streams, calls, loops);
  }

  /**
   * Attach takes its messages on the event loop of its connection, which saves a change of threads
   * for each keystroke: its handlers never wait. Everything else may wait, on virtual threads.
   */
  private record AttachOnItsEventLoop(Executor calls) implements ServerCallExecutorSupplier {
    @Override
    public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
      return call.getMethodDescriptor()
              .getFullMethodName()
              .equals(SessionServiceGrpc.getAttachMethod().getFullMethodName())
          ? Runnable::run
          : calls;
    }
  }

  InetSocketAddress address() {
    return (InetSocketAddress) server.getListenSockets().getFirst();
  }

  /** Says to health checks that it is going, for good. */
  void notServing() {
    health.enterTerminalState();
  }

  /** Takes no more calls, and waits for those that there are. */
  void drain(Duration grace) {
    server.shutdown();
    streams.end();
    try {
      if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      server.shutdownNow();
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
    calls.shutdownNow();
    loops.close();
  }
}

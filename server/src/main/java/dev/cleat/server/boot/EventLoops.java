package dev.cleat.server.boot;

import dev.cleat.server.rpc.Services;
import dev.cleat.server.wire.Doorkeeper;
import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.util.ResourceLeakDetector;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The event loops of the connections. They are the server's own, and not the library's, so that a
 * connection can say which one it has: {@link Services#EVENT_LOOP}. Thread-safe.
 */
final class EventLoops extends ServerTransportFilter implements AutoCloseable {
  private static final String LEAK_LEVEL = "io.grpc.netty.shaded.io.netty.leakDetection.level";

  static {
    // Looking for leaked buffers takes a stack trace of every hundredth: an eighth of what a replay
    // costs. Whoever looks for a leak sets the property.
    if (System.getProperty(LEAK_LEVEL) == null) {
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
  }

  private final EventLoopGroup acceptor;
  private final EventLoopGroup connections;
  private final boolean epoll = Epoll.isAvailable();

  EventLoops() {
    this.acceptor = group("cleat-accept", 1, epoll);
    this.connections =
        group("cleat-connections", Runtime.getRuntime().availableProcessors(), epoll);
  }

  private static EventLoopGroup group(String name, int threads, boolean epoll) {
    final IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), io);
  }

  /** With these, and with the doorkeeper before them. */
  NettyServerBuilder with(NettyServerBuilder builder, Doorkeeper door) {
    return builder
        .bossEventLoopGroup(acceptor)
        .workerEventLoopGroup(connections)
        .channelFactory(() -> {
          final ServerChannel channel =
              epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
          channel.pipeline().addFirst(door);
          return channel;
        })
        .addTransportFilter(this);
  }

  /** Called on the event loop of the new connection. */
  @Override
  public Attributes transportReady(Attributes connection) {
    for (EventExecutor loop : connections) {
      if (loop.inEventLoop()) {
        return connection.toBuilder().set(Services.EVENT_LOOP, loop).build();
      }
    }
    return connection;
  }

  /** Does something little again and again. */
  void every(Duration pause, Runnable task) {
    // It ends with the loops, and never throws: nobody needs its future.
    final var _ =
        acceptor
            .next()
            .scheduleWithFixedDelay(
                task, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    final var _ = acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    final var _ = connections.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}

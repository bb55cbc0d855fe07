package dev.cleat.client;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.awaitility.Awaitility;

/**
 * A real gRPC server on loopback, that can go down and come back at the same port. For one thread.
 */
final class LoopbackServer implements AutoCloseable {
  /** It warns of each stream whose client is gone, and here clients go away on purpose. */
  private static final Logger STREAM_ERRORS =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

  static {
    STREAM_ERRORS.setLevel(Level.SEVERE);
  }

  private final BindableService[] services;
  private final int port;
  private Server server;

  LoopbackServer(BindableService... services) {
    this.services = services;
    this.server = start(0);
    this.port = server.getPort();
  }

  /** The session that every fake has. */
  static Session session(CleatClient client) {
    return new Session(
        client, new SessionInfo(dev.cleat.v1.Session.newBuilder().setId("s").build()));
  }

  int port() {
    return port;
  }

  String target() {
    return "127.0.0.1:" + port();
  }

  /** Ends every connection. */
  void down() {
    server.shutdownNow();
    try {
      if (!server.awaitTermination(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the server does not end");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Again, at the same port. A client that tries to come back meanwhile may have been given that
   * very port for its own side, which is free again in a moment.
   */
  void up() {
    server =
        Awaitility.await()
            .ignoreException(UncheckedIOException.class)
            .until(() -> start(port), started -> true);
  }

  /** Says GOAWAY to its clients and lets the calls under way go on. */
  void goAway() {
    server.shutdown();
  }

  @Override
  public void close() {
    down();
  }

  private Server start(int at) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), at));
    for (BindableService service : services) {
      builder.addService(service);
    }
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

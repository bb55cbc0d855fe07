package dev.cleat.server.rpc;

import dev.cleat.server.boot.CleatServer;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceStub;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A whole server on a loopback port, with a channel to it. */
final class TestServer implements AutoCloseable {
  private final CleatServer server;
  private final ManagedChannel channel;

  private TestServer(CleatServer server) {
    this.server = server;
    this.channel = NettyChannelBuilder.forAddress(server.address()).usePlaintext().build();
  }

  /**
   * Starts one.
   *
   * @param settings by the names of the configuration, such as {@code limits.queue}
   */
  static TestServer start(Path data, Map<String, String> settings) throws Exception {
    final Map<ConfigKey<?>, String> flags = new HashMap<>();
    final Map<String, String> all = new HashMap<>(settings);
    all.put("listen", "127.0.0.1:0");
    all.put("data", data.toString());
    all.forEach((name, value) ->
        flags.put(
            ConfigKeys.ALL.stream()
                .filter(key -> key.name().equals(name))
                .findFirst()
                .orElseThrow(),
            value));
    return new TestServer(CleatServer.start(ConfigLoader.load(Map.of(), flags).config()));
  }

  static TestServer start(Path data) throws Exception {
    return start(data, Map.of());
  }

  SessionServiceBlockingStub sessions() {
    return SessionServiceGrpc.newBlockingStub(channel);
  }

  SessionServiceStub streams() {
    return SessionServiceGrpc.newStub(channel);
  }

  ToolServiceGrpc.ToolServiceBlockingStub tools() {
    return ToolServiceGrpc.newBlockingStub(channel);
  }

  /** Another channel to it; the caller closes it. */
  ManagedChannel connect() {
    return NettyChannelBuilder.forAddress(server.address()).usePlaintext().build();
  }

  ManagedChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.close();
  }
}

package dev.cleat.server.rpc;

import dev.cleat.server.auth.Caller;
import dev.cleat.server.boot.CleatServer;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceStub;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
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
    final Map<String, String> all =
        new HashMap<>(Map.of("shutdown.turns", "0s", "admin.listen", "none"));
    if (!settings.containsKey("policy")) {
      // Many tests have tenants; few are about what keeps those apart.
      all.put("isolation.allow_same_user", "true");
    }
    all.putAll(settings);
    all.put("listen", "127.0.0.1:0");
    all.put("data", data.toString());
    all.forEach((name, value) ->
        flags.put(
            ConfigKeys.ALL.stream()
                .filter(key -> key.name().equals(name))
                .findFirst()
                .orElseThrow(),
            value));
    return new TestServer(
        CleatServer.start(ConfigLoader.load(Map.of(), flags).config(), new HeaderCallers()));
  }

  /**
   * Starts one that has more tools.
   *
   * @param tools a catalogue
   */
  static TestServer withTools(Path folder, String tools) throws Exception {
    final Path catalogue = Files.writeString(folder.resolve("tools.yaml"), tools);
    return start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()));
  }

  static TestServer start(Path data) throws Exception {
    return start(data, Map.of());
  }

  SessionServiceBlockingStub sessions() {
    return SessionServiceGrpc.newBlockingStub(channel);
  }

  /** Prompts its sessions. */
  Prompter prompter() {
    return new Prompter(sessions());
  }

  /** Calls of somebody; without it, they are anonymous. */
  SessionServiceBlockingStub sessions(Caller caller) {
    return sessions().withInterceptors(HeaderCallers.as(caller));
  }

  AttachStream attach(AttachOpen.Builder open) {
    return new AttachStream(this, open.build());
  }

  SessionServiceStub streams() {
    return SessionServiceGrpc.newStub(channel);
  }

  SessionServiceStub streams(Caller caller) {
    return streams().withInterceptors(HeaderCallers.as(caller));
  }

  ToolServiceGrpc.ToolServiceBlockingStub tools() {
    return ToolServiceGrpc.newBlockingStub(channel);
  }

  ToolServiceGrpc.ToolServiceBlockingStub tools(Caller caller) {
    return tools().withInterceptors(HeaderCallers.as(caller));
  }

  /** Another channel to it; the caller closes it. */
  ManagedChannel connect() {
    return NettyChannelBuilder.forAddress(server.address()).usePlaintext().build();
  }

  /** A channel to it with TLS or other credentials; the caller closes it. */
  ManagedChannel connect(ChannelCredentials credentials) {
    return NettyChannelBuilder.forAddress(server.address(), credentials).build();
  }

  /** Where it listens on loopback. */
  int port() {
    return server.address().getPort();
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Its probes and metrics, with {@code admin.listen} 127.0.0.1:0. */
  HttpResponse<String> admin(String path, String... headers) throws Exception {
    final HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http:/" + server.adminAddress().orElseThrow() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  InetSocketAddress adminAddress() {
    return server.adminAddress().orElseThrow();
  }

  /** Every series that it shows now, by its name and labels. */
  Map<String, Double> metrics() throws Exception {
    final Map<String, Double> series = new HashMap<>();
    admin("/metrics")
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          final int space = line.lastIndexOf(' ');
          series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        });
    return series;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.close();
  }
}

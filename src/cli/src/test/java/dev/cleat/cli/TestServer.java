package dev.cleat.cli;

import dev.cleat.server.boot.CleatServer;
import dev.cleat.server.boot.ConfigException;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import dev.cleat.server.boot.StartupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A whole server in this process, on loopback. */
final class TestServer implements AutoCloseable {
  private final CleatServer server;
  private final Path home;

  private TestServer(CleatServer server, Path home) {
    this.server = server;
    this.home = home;
  }

  static TestServer start(Path data) throws StartupException, IOException {
    return start(data, 0);
  }

  static TestServer start(Path data, int port) throws StartupException, IOException {
    return start(data, port, Map.of());
  }

  static TestServer start(Path data, int port, Map<String, String> more)
      throws StartupException, IOException {
    Map<String, String> settings = new HashMap<>(more);
    settings.put("listen", "127.0.0.1:" + port);
    settings.put("data", data.toString());
    settings.put("admin.listen", "none");
    settings.put("session.stop_grace", "2s");
    settings.put("shutdown.turns", "0s");
    settings.put("shutdown.grace", "2s");
    Map<ConfigKey<?>, String> flags =
        ConfigKeys.ALL.stream()
            .filter(key -> settings.containsKey(key.name()))
            .collect(Collectors.toMap(key -> key, key -> settings.getOrDefault(key.name(), "")));
    try {
      Path home = Files.createDirectories(data.resolve("home"));
      return new TestServer(CleatServer.start(ConfigLoader.load(Map.of(), flags).config()), home);
    } catch (ConfigException e) {
      throw new AssertionError(e);
    }
  }

  /** Creates a session that starts without the files of whoever runs the tests; returns its id. */
  String create(String tool, String... options) {
    List<String> command = new ArrayList<>(List.of("new", tool, "--env", "HOME=" + home));
    command.addAll(List.of(options));
    return run(command.toArray(String[]::new)).ok().line();
  }

  /** Likewise, of a shell. */
  String bash(String name) {
    return create("bash", "--name", name);
  }

  Ran run(String... command) {
    return Ran.on(target(), "", command);
  }

  int port() {
    return server.address().getPort();
  }

  String target() {
    return "127.0.0.1:" + port();
  }

  @Override
  public void close() {
    server.close();
  }
}

package dev.cleat.bench;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a process of its own: Cleat, or a bare one. It prints its address when it serves;
 * what it prints to its error output goes to ours.
 */
final class Serving implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile("(127\\.0\\.0\\.1):(\\d+)");
  private static final int PATIENCE_SECONDS = 60;

  private final Process process;
  private final Path data;
  private final int port;
  private final ManagedChannel channel;

  private Serving(Process process, Path data, int port) {
    this.process = process;
    this.data = data;
    this.port = port;
    this.channel = connect(port);
  }

  /** Cleat with its defaults, on an empty data folder. */
  static Serving cleat(Bed bed, String... flags) throws IOException {
    final Path data = Files.createTempDirectory(bed.folder(), "data-");
    final List<String> command = cleatCommand(bed, data, 0);
    command.addAll(List.of(flags));
    return start(command, data, Map.of());
  }

  /**
   * {@code ./cleat serve}, or what the property {@code bench.serve} says instead: to measure
   * another build.
   */
  static List<String> cleatCommand(Bed bed, Path data, int port) {
    final String given = System.getProperty("bench.serve", bed.home().resolve("cleat") + " serve");
    final List<String> command = new ArrayList<>(List.of(given.split(" ")));
    command.addAll(
        List.of("--listen", "127.0.0.1:" + port, "--data", data.toString(), "--log-level", "warn"));
    return command;
  }

  /** {@link BareServer}. */
  static Serving bare(Bed bed) throws IOException {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return start(
        List.of(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+UseG1GC",
            "-cp",
            System.getProperty("java.class.path"),
            BareServer.class.getName()),
        Files.createTempDirectory(bed.folder(), "bare-"),
        Map.of());
  }

  private static Serving start(List<String> command, Path data, Map<String, String> environment)
      throws IOException {
    final ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(new HashMap<>(environment));
    final Process process = builder.start();
    final BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      final Matcher address = ADDRESS.matcher(line);
      if (address.find()) {
        // What else it prints must not fill the pipe.
        Thread.ofVirtual().start(() -> output.lines().forEach(_ -> {}));
        return new Serving(process, data, Integer.parseInt(address.group(2)));
      }
    }
    throw new IOException("ended before it served: " + command);
  }

  static ManagedChannel connect(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port)
        .usePlaintext()
        .directExecutor()
        .build();
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Another connection. The caller's to close. */
  ManagedChannel connect() {
    return connect(port);
  }

  int port() {
    return port;
  }

  String target() {
    return "127.0.0.1:" + port;
  }

  Proc proc() {
    return new Proc(process.pid());
  }

  Path data() {
    return data;
  }

  @Override
  public void close() throws IOException {
    channel.shutdownNow();
    end(process);
    Bed.delete(data);
  }

  /** As an operator would. */
  static void end(Process process) throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("the server did not end within " + PATIENCE_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}

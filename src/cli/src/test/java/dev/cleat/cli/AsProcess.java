package dev.cleat.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command as it is built, in a process of its own, on pipes. */
final class AsProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private static final Path DIST =
      Path.of(System.getProperty("cleat.dist", "target/cleat")).toAbsolutePath();

  /** The launcher's, for a client. Without the cache, which the build makes, a start is slow. */
  private static final List<String> OPTIONS =
      List.of(
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseCompactObjectHeaders",
          "-Xlog:disable",
          "-Xlog:all=warning,aot*=off:stderr",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:AOTCache=" + DIST.resolve("client.aot"));

  private final Process process;
  private final BufferedReader out;

  private AsProcess(Process process) {
    this.process = process;
    this.out = process.inputReader();
  }

  /** How to start it. */
  static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    command.add("-Djna.tmpdir=" + System.getProperty("java.io.tmpdir"));
    command.addAll(List.of("-jar", DIST.resolve("lib/cleat.jar").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  static AsProcess start(String... arguments) throws IOException {
    return new AsProcess(new ProcessBuilder(command(arguments)).start());
  }

  /** The next line of its output. */
  String line() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new AssertionError("no more output; errors: " + errors());
    }
    return line;
  }

  /** The rest of its output. */
  List<String> lines() {
    return out.lines().toList();
  }

  String errors() throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
        .inheritIO()
        .start()
        .waitFor();
  }

  /** Waits for the end; returns the exit code. */
  int awaitEnd() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

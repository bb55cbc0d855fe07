package dev.cleat.e2e;

import dev.cleat.client.CleatClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code cleat serve} in a process of its own. Safe for use by any thread.
 *
 * <p>Made by {@link Servers}, which ends it at the latest when the test does.
 */
public final class ServerProcess {
  private static final Pattern SERVES = Pattern.compile("cleat serves on 127\\.0\\.0\\.1:(\\d+)");

  private final Process process;
  private final List<String> out = new ArrayList<>();
  private final List<String> err = new ArrayList<>();
  private final CompletableFuture<Integer> port = new CompletableFuture<>();
  private final CompletableFuture<Void> outEnd;
  private final CompletableFuture<Void> errEnd;

  private ServerProcess(Process process) {
    this.process = process;
    outEnd =
        read(process.getInputStream(), out)
            .thenRun(() -> port.completeExceptionally(new IllegalStateException("it ended")));
    errEnd = read(process.getErrorStream(), err);
  }

  static ServerProcess start(ServerCommand command) throws IOException {
    return new ServerProcess(command.builder().start());
  }

  /** Waits until it serves. */
  ServerProcess serving() throws Exception {
    try {
      Await.result(port);
    } catch (Exception e) {
      throw new AssertionError("the server did not come up: " + errors(), e);
    }
    return this;
  }

  /** Where it listens on loopback. */
  public int port() {
    return port.join();
  }

  /** Where clients connect. */
  String target() {
    return "127.0.0.1:" + port();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has written to standard error. */
  public List<String> errors() {
    synchronized (err) {
      return List.copyOf(err);
    }
  }

  /** A client that tries again soon. */
  public CleatClient client() {
    return client(target());
  }

  /** A client of what is there that tries again soon. */
  public static CleatClient client(String target) {
    return CleatClient.builder()
        .target(target)
        .backOff(Duration.ofMillis(5), Duration.ofMillis(200))
        .retryFor(Await.PATIENCE)
        .deadline(Await.PATIENCE)
        .build();
  }

  /** SIGKILL: no chance to save anything. */
  public void kill() throws IOException, InterruptedException {
    handle().destroyForcibly();
    awaitEnd();
    // Where jcmd reached it; a JVM that is not killed removes it itself.
    Files.deleteIfExists(Path.of("/tmp", ".java_pid" + pid()));
  }

  /** SIGTERM, and does not wait. */
  void terminate() {
    handle().destroy();
  }

  /** The process itself would also close the streams that its last words come through. */
  private ProcessHandle handle() {
    return process.toHandle();
  }

  /** SIGTERM, and waits for the end. */
  public int stop() throws InterruptedException {
    terminate();
    return awaitEnd();
  }

  /** Waits for the end, and for all that it said on the way. */
  int awaitEnd() throws InterruptedException {
    if (!process.waitFor(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the server does not end; it said " + errors());
    }
    outEnd.join();
    errEnd.join();
    return process.exitValue();
  }

  /** Completed at the end of the stream. */
  private CompletableFuture<Void> read(InputStream stream, List<String> lines) {
    Executor thread =
        task -> Thread.ofPlatform().daemon().name("server-" + process.pid()).start(task);
    return CompletableFuture.runAsync(
        () -> {
          try (var reader =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            reader.lines().forEach(line -> take(line, lines));
          } catch (IOException | UncheckedIOException e) {
            take("(its output broke off: " + e + ")", lines);
          }
        },
        thread);
  }

  private void take(String line, List<String> lines) {
    synchronized (lines) {
      lines.add(line);
    }
    Matcher serves = SERVES.matcher(line);
    if (serves.matches()) {
      port.complete(Integer.valueOf(serves.group(1)));
    }
  }

  @Override
  public String toString() {
    return "server " + Path.of("/proc", String.valueOf(pid())) + " " + errors();
  }
}

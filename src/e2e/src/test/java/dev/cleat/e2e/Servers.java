package dev.cleat.e2e;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Starts the servers of a test. After the test those that still run are killed, and whatever ran in
 * their sessions must end with them: nothing is left behind.
 */
public final class Servers implements AfterEachCallback {
  private static final List<ServerProcess> RUNNING = new CopyOnWriteArrayList<>();

  static {
    // When the tests themselves are stopped.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() ->
                RUNNING.stream()
                    .map(ServerProcess::pid)
                    .map(ProcessHandle::of)
                    .forEach(handle -> handle.ifPresent(ProcessHandle::destroyForcibly))));
  }

  /** How a server that would not start said so. */
  record Refusal(int exitCode, List<String> errors) {}

  private final List<ServerProcess> started = new ArrayList<>();
  private final List<Path> folders = new ArrayList<>();

  /** Starts one with this data folder, and waits until it serves. */
  public ServerProcess start(Path data) throws Exception {
    return start(ServerCommand.on(data));
  }

  /** Starts one, and waits until it serves. */
  public ServerProcess start(ServerCommand command) throws Exception {
    return launch(command).serving();
  }

  /** Starts one that will refuse. */
  Refusal refused(ServerCommand command) throws Exception {
    ServerProcess server = launch(command);
    int exitCode = server.awaitEnd();
    return new Refusal(exitCode, server.errors());
  }

  private ServerProcess launch(ServerCommand command) throws IOException {
    folders.add(command.data());
    ServerProcess server = ServerProcess.start(command);
    RUNNING.add(server);
    started.add(server);
    return server;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (context.getExecutionException().isPresent()) {
      started.forEach(server -> System.out.println(server));
    }
    for (ServerProcess server : started) {
      server.kill();
    }
    RUNNING.removeAll(started);
    for (Path folder : folders) {
      Await.until("nothing runs in " + folder, () -> processesIn(folder).isEmpty());
    }
  }

  /** What runs with a working directory in this folder, as sessions do by default. */
  static List<Long> processesIn(Path folder) throws IOException {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        try {
          if (Files.readSymbolicLink(process.resolve("cwd")).startsWith(folder)) {
            found.add(Long.valueOf(process.getFileName().toString()));
          }
        } catch (IOException e) {
          // It has ended, or is a thread of the kernel's.
        }
      }
    }
    return found;
  }
}

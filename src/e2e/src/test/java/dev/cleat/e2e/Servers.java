package dev.cleat.e2e;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the servers of a test, or of all tests of a class. After those the servers that still run
 * are killed, and whatever ran in their sessions must end with them: nothing is left behind.
 */
public final class Servers implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final Logger LOG = LoggerFactory.getLogger(Servers.class);
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
  private final List<Path> homes = new ArrayList<>();
  private boolean ofClass;

  /** Whatever has this home must end with the test too: it may write there until it does. */
  public void home(Path home) {
    homes.add(home);
  }

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

  /** Called only where there is one of these for a class. */
  @Override
  public void beforeAll(ExtensionContext context) {
    ofClass = true;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (hasFailed(context)) {
      describe();
    }
    if (!ofClass) {
      end();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    end();
  }

  private void end() throws Exception {
    for (ServerProcess server : started) {
      server.kill();
    }
    RUNNING.removeAll(started);
    for (Path folder : folders) {
      Await.until("nothing runs in " + folder, () -> processesIn(folder).isEmpty());
      LeftGroups.remove(folder);
    }
    for (Path home : homes) {
      Await.until("nothing is at home in " + home, () -> processesOf(home).isEmpty());
    }
  }

  private static boolean hasFailed(ExtensionContext context) {
    return context
        .getExecutionException()
        .filter(thrown -> !(thrown instanceof TestAbortedException))
        .isPresent();
  }

  /** Logs what there is to go by where a test has failed. */
  private void describe() throws Exception {
    for (ServerProcess server : started) {
      LOG.error("{} {}", server, server.isAlive() ? threads(server.pid()) : "has ended");
    }
    Path own = Files.createTempDirectory("threads").resolve("own.txt");
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(own.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
    LOG.error("The tests {}", Files.readString(own));
    Files.delete(own);
    Files.delete(own.getParent());
  }

  /** What the threads of a server are at, the virtual ones as well. */
  private static String threads(long pid) throws Exception {
    Path file = Files.createTempFile("threads", ".txt");
    try {
      Process jcmd =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                  String.valueOf(pid),
                  "Thread.dump_to_file",
                  "-overwrite",
                  file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return jcmd.waitFor() == 0 ? Files.readString(file) : said;
    } finally {
      Files.delete(file);
    }
  }

  /** What runs with this home. */
  private static List<Long> processesOf(Path home) throws IOException {
    String variable = "HOME=" + home;
    return processes(process -> {
      String environment =
          Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
      return List.of(environment.split("\0", -1)).contains(variable);
    });
  }

  /** What runs with a working directory in this folder, as sessions do by default. */
  static List<Long> processesIn(Path folder) throws IOException {
    return processes(process -> Files.readSymbolicLink(process.resolve("cwd")).startsWith(folder));
  }

  /** What has this command line, and not only at its end, as what is about to become it has. */
  static List<Long> processesRunning(String... words) throws IOException {
    String line = String.join("\0", words) + "\0";
    return processes(process -> Files.readString(process.resolve("cmdline")).equals(line));
  }

  /** What is looked at in the folder of a process under {@code /proc}. */
  private interface Look {
    boolean at(Path process) throws IOException;
  }

  private static List<Long> processes(Look look) throws IOException {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        try {
          if (look.at(process)) {
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

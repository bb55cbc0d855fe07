package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.e2e.Await;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Images and containers in a store of their own, of which nothing is left afterwards. For one
 * thread.
 */
final class Containers implements AutoCloseable {
  private static final List<String> NEEDED =
      List.of("debootstrap", "buildah", "podman", "runc", "ip");

  /** For a machine whose limits are lower than what podman asks for, and without systemd. */
  private static final String SETTINGS =
      """
      [containers]
      default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
      [engine]
      cgroup_manager = "cgroupfs"
      events_logger = "none"
      """;

  private final Path folder;

  /** Elsewhere, since podman takes no more than 50 characters for it. */
  private final Path run;

  private final String driver;

  private final List<String> containers = new ArrayList<>();

  private Containers(Path folder, Path run, String driver) {
    this.folder = folder;
    this.run = run;
    this.driver = driver;
  }

  /** What ended, and how. */
  record Ran(int exitCode, String out, String err) {
    String ok() {
      assertThat(exitCode).as(() -> out + err).isZero();
      return out.strip();
    }
  }

  /** A store in this folder. Skips the test where there is nothing to build and run images with. */
  static Containers in(Path folder) throws IOException {
    for (String command : NEEDED) {
      assumeTrue(isInstalled(command), "needs " + command);
    }
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to make a base image");
    Files.writeString(folder.resolve("containers.conf"), SETTINGS);
    Path run = Files.createTempDirectory(Path.of("/run"), "cleat-");
    Containers quick = new Containers(folder, run, "overlay");
    // In a container the file system below may itself be an overlay; then each layer is copied
    // whole.
    return quick.podman("info").exitCode() == 0 ? quick : new Containers(folder, run, "vfs");
  }

  private static boolean isInstalled(String command) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(path -> Files.isExecutable(Path.of(path, command)));
  }

  /** The options that have buildah and podman use this store. */
  List<String> store() {
    return List.of(
        "--root",
        folder.resolve(driver).toString(),
        "--runroot",
        run.resolve(driver).toString(),
        "--storage-driver",
        driver);
  }

  /** Runs a command to its end. */
  Ran run(List<String> command) throws IOException {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "CONTAINERS_CONF",
                folder.resolve("containers.conf").toString(),
                "TMPDIR",
                folder.toString()));
    builder.redirectInput(Path.of("/dev/null").toFile());
    int exitCode = exitCode(builder.start());
    return new Ran(exitCode, text(out), text(err));
  }

  private static int exitCode(Process process) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  private static String text(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.UTF_8);
    Files.delete(file);
    return text;
  }

  /** Runs podman to its end. */
  Ran podman(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("podman"));
    command.addAll(options());
    command.addAll(List.of(arguments));
    return run(command);
  }

  private List<String> options() {
    List<String> options = new ArrayList<>(List.of("--runtime", "runc"));
    options.addAll(store());
    options.addAll(List.of("--tmpdir", run.resolve("tmp").toString()));
    return options;
  }

  /** What calls podman from elsewhere, up to what it is to do. */
  List<String> command() {
    List<String> command =
        new ArrayList<>(
            List.of("env", "CONTAINERS_CONF=" + folder.resolve("containers.conf"), "podman"));
    command.addAll(options());
    return command;
  }

  /** Starts a container with these arguments of {@code podman run}; returns its id. */
  String start(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("run", "--detach"));
    all.addAll(List.of(arguments));
    String id = podman(all.toArray(String[]::new)).ok();
    containers.add(id);
    return id;
  }

  /** Whether a container runs. */
  boolean isRunning(String container) throws IOException {
    return podman("inspect", "--format={{.State.Running}}", container).ok().equals("true");
  }

  /** Removes everything. */
  @Override
  public void close() throws IOException {
    for (String container : containers) {
      // Nobody asks how it ends, and the first process of some hears no signal but the last.
      // It gives up after a few seconds where the machine is busy.
      Await.until(
          "removed",
          () -> podman("rm", "--force", "--ignore", "--time=0", container).exitCode() == 0);
    }
    podman("system", "reset", "--force").ok();
    try (Stream<Path> left = Files.walk(run)) {
      for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}

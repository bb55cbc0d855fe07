package dev.cleat.server.terminal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is not root, looked at by another process of its user. */
class OwnProcessTest {
  private static final int USER = 20_003;

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  /** What runs in a process of its own. */
  static final class Main {
    private Main() {}

    /** Hides, if it is told to, and waits for the end of its input. */
    public static void main(String[] arguments) throws IOException {
      if (arguments[0].equals("hidden")) {
        OwnProcess.hide();
      }
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // Until it is closed.
      }
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private Process asUser(String... command) throws IOException {
    final List<String> argv = new ArrayList<>();
    if (isRoot()) {
      argv.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--clear-groups", "--"));
    }
    argv.addAll(List.of(command));
    final ProcessBuilder builder = new ProcessBuilder(argv).redirectErrorStream(true);
    builder.environment().putAll(Map.of("HIDDEN_KEY", "a secret", "LC_ALL", "C"));
    final Process process = builder.start();
    started.add(process);
    return process;
  }

  /** The classes where any user can read them. */
  private void copyClasses() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (Class<?> one : List.of(OwnProcess.class, Main.class)) {
      final Path root = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
      try (Stream<Path> files = Files.list(root.resolve("dev/cleat/server/terminal"))) {
        final Path target =
            Files.createDirectories(folder.resolve("classes/dev/cleat/server/terminal"));
        for (Path file : files.filter(name -> name.toString().endsWith(".class")).toList()) {
          Files.copy(file, target.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private Process server(String how) throws IOException {
    final Process server =
        asUser(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            folder.resolve("classes").toString(),
            Main.class.getName(),
            how);
    final BufferedReader said = server.inputReader(UTF_8);
    String line = said.readLine();
    // Java may have something to say first, as of JAVA_TOOL_OPTIONS.
    while (line != null && !line.equals("ready")) {
      line = said.readLine();
    }
    assertThat(line).isEqualTo("ready");
    return server;
  }

  private String look(Process server, String command) throws Exception {
    final Process looking = asUser("sh", "-c", "cd /proc/" + server.pid() + " && " + command);
    final String said = new String(looking.getInputStream().readAllBytes(), UTF_8);
    final int _ = looking.waitFor();
    return said;
  }

  @Test
  void isClosedToOthersOfItsUserOnceItIsHidden() throws Exception {
    assumeTrue(!isRoot() || Files.isExecutable(Path.of("/usr/bin/setpriv")), "needs setpriv");
    copyClasses();
    final Process open = server("open");
    assertThat(look(open, "tr '\\0' '\\n' < environ")).contains("HIDDEN_KEY=a secret");
    assertThat(look(open, "ls fd")).contains("0");

    final Process hidden = server("hidden");
    for (String command :
        List.of("cat environ", ": < mem", "ls fd", "ls -d cwd/", "ls -d root/", "cat maps")) {
      assertThat(look(hidden, command))
          .as(command)
          .containsIgnoringCase("permission denied")
          .doesNotContain("secret");
    }
  }
}

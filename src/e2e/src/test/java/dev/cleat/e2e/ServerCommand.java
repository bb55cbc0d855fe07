package dev.cleat.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a server is started. Immutable: each method returns a changed copy.
 *
 * @param data its data folder
 * @param wrapper the command that runs it, before its own
 * @param jvm options of the JVM
 * @param flags flags of {@code serve} but for the data folder
 */
public record ServerCommand(Path data, List<String> wrapper, List<String> jvm, List<String> flags) {
  private static final Path DIST =
      Path.of(System.getProperty("cleat.dist", "src/cli/target/cleat"));

  /**
   * As the launcher has them. Without the cache, which the build makes, a start is twice the work.
   */
  private static final List<String> COMMON =
      List.of(
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseCompactObjectHeaders",
          "-Xlog:disable",
          "-Xlog:all=warning,aot*=off:stderr",
          "-XX:AOTCache=" + DIST.resolve("server.aot").toAbsolutePath());

  /** The options that make a short life quick: what runs seldom is not worth a compilation. */
  private static final List<String> SHORT_LIFE =
      List.of("-XX:TieredStopAtLevel=1", "-XX:CompileThresholdScaling=4", "-XX:+UseSerialGC");

  /** On any port of loopback, for a short life. */
  public static ServerCommand on(Path data) {
    return new ServerCommand(
        data,
        List.of(),
        Stream.concat(SHORT_LIFE.stream(), Stream.of("-Xmx256m")).toList(),
        List.of("--listen", "127.0.0.1:0", "--admin-listen", "none", "--shutdown-turns", "0s"));
  }

  /** With these options of the JVM instead. */
  public ServerCommand jvm(String... options) {
    return new ServerCommand(data, wrapper, List.of(options), flags);
  }

  /** Run by this command, which must become it in the end. */
  public ServerCommand within(List<String> command) {
    return new ServerCommand(data, command, jvm, flags);
  }

  /** With this flag, instead of one with the same name. */
  public ServerCommand flag(String flag, String value) {
    List<String> changed = new ArrayList<>(flags);
    int at = changed.indexOf(flag);
    if (at < 0) {
      changed.add(flag);
      changed.add(value);
    } else {
      changed.set(at + 1, value);
    }
    return new ServerCommand(data, wrapper, jvm, changed);
  }

  /** With its probes and metrics where they are by default. */
  ServerCommand withUsualProbes() {
    return new ServerCommand(
        data, wrapper, jvm, List.of("--listen", "127.0.0.1:0", "--shutdown-turns", "0s"));
  }

  /** Listening there instead. */
  public ServerCommand listen(String address) {
    return flag("--listen", address);
  }

  ProcessBuilder builder() {
    List<String> command = new ArrayList<>(wrapper);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(COMMON);
    command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    command.addAll(jvm);
    command.addAll(List.of("-jar", DIST.resolve("lib/cleat.jar").toAbsolutePath().toString()));
    command.addAll(List.of("serve", "--data", data.toString()));
    command.addAll(flags);
    ProcessBuilder builder = new ProcessBuilder(command);
    // Settings of whoever runs the tests are not settings of the tests.
    builder.environment().keySet().removeIf(name -> name.startsWith("CLEAT_"));
    return builder;
  }
}

package dev.cleat.cli;

import dev.cleat.server.boot.CleatServer;
import dev.cleat.server.boot.ConfigException;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import dev.cleat.server.boot.LoadedConfig;
import dev.cleat.server.boot.StartupException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code cleat serve}: the server, with a flag for each of its settings. The only class here that
 * knows the server.
 */
final class ServeCommand implements Callable<Integer> {
  private static final List<String> ENDING = List.of("TERM", "INT", "HUP");
  private static final int INTERRUPTED = 130;

  private final Streams streams;
  private final Map<ConfigKey<?>, OptionSpec> flags = new HashMap<>();
  private final OptionSpec printConfig =
      OptionSpec.builder("--print-config")
          .type(boolean.class)
          .description("Print the settings with their places, as a file for --config, and end.")
          .build();

  private ServeCommand(Streams streams) {
    this.streams = streams;
  }

  static CommandSpec spec(Streams streams) {
    ServeCommand command = new ServeCommand(streams);
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command).name("serve");
    spec.usageMessage()
        .description("Serve sessions, until a signal ends it.")
        .footer(
            "",
            "Each setting is a flag, an environment variable and a key of the file:",
            "--limits-sessions, CLEAT_LIMITS_SESSIONS, and sessions: under limits:.",
            "The flag wins over the environment, that over the file, that over the default.");
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      OptionSpec flag = flag(key);
      command.flags.put(key, flag);
      spec.addOption(flag);
    }
    return spec.addOption(command.printConfig);
  }

  private static OptionSpec flag(ConfigKey<?> key) {
    OptionSpec.Builder flag =
        OptionSpec.builder(key.flag())
            .type(String.class)
            .paramLabel(key.placeholder())
            .description(
                key.description().replace("%", "%%")
                    + " Default: "
                    + key.shownDefault().replace("%", "%%")
                    + ".");
    return key.isSwitch() ? flag.arity("0..1").fallbackValue("true").build() : flag.build();
  }

  @Override
  public Integer call() throws InterruptedException {
    LoadedConfig loaded;
    try {
      loaded = ConfigLoader.load(System.getenv(), given());
    } catch (ConfigException e) {
      e.problems().forEach(problem -> streams.note("cleat: " + problem));
      return ExitCode.WRONG_USAGE;
    }
    loaded.warnings().forEach(warning -> streams.note("cleat: " + warning));
    if (printConfig.getValue() instanceof Boolean print && print) {
      streams.print(loaded.toYaml().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return ExitCode.DONE;
    }
    try (CleatServer server = CleatServer.start(loaded.config())) {
      closeOnSignals(server);
      streams.line("cleat serves on " + shown(server.address()));
      server.awaitTermination();
      return ExitCode.DONE;
    } catch (StartupException e) {
      String message = e.getMessage() == null ? "the server could not start" : e.getMessage();
      message.lines().forEach(line -> streams.note("cleat: " + line));
      return ExitCode.FAILED;
    }
  }

  private Map<ConfigKey<?>, String> given() {
    Map<ConfigKey<?>, String> given = new HashMap<>();
    flags.forEach((key, flag) -> {
      if (flag.getValue() instanceof String text) {
        given.put(key, text);
      }
    });
    return given;
  }

  /** The first signal ends it with grace, the second soon, the third at once. */
  private static void closeOnSignals(CleatServer server) {
    AtomicInteger signals = new AtomicInteger();
    for (String signal : ENDING) {
      Signals.register(
          signal,
          () -> {
            switch (signals.incrementAndGet()) {
              case 1 -> server.close();
              case 2 -> server.hurry();
              default -> Runtime.getRuntime().halt(INTERRUPTED);
            }
          });
    }
  }

  private static String shown(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}

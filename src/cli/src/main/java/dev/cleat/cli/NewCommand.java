package dev.cleat.cli;

import dev.cleat.cli.terminal.LocalTerminal;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.v1.ResizePolicy;
import dev.cleat.v1.TerminalSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat new}. */
@Command(
    name = "new",
    description = "Create a session and print its id.",
    footer = {"", "Example: cleat new bash --name work -- -c 'make test'"})
final class NewCommand implements Callable<Integer> {

  /** The resize policies, in lower case on the command line. */
  enum Policy {
    LATEST,
    OWNER,
    SMALLEST,
    FIXED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Streams streams;

  @Parameters(
      index = "0",
      paramLabel = "TOOL",
      description = "The tool to run; cleat tools lists them.")
  private String tool = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "ARGS",
      description = "Arguments for the tool. Those with dashes come after --.")
  private List<String> args = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "A name, unique among your tenant's sessions.")
  private String name = "";

  @Option(names = "--id", paramLabel = "ID", description = "The id. Default: the server makes one.")
  private String id = "";

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      description = "The working directory on the server. Default: one of its own.")
  private @Nullable Path workdir;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME=VALUE",
      mapFallbackValue = Option.NULL_VALUE,
      description = "An environment variable; only its name: as it is here. May be repeated.")
  private Map<String, @Nullable String> env = new LinkedHashMap<>();

  @Option(
      names = {"-l", "--label"},
      paramLabel = "KEY=VALUE",
      description = "A label, for filters. May be repeated.")
  private Map<String, String> labels = new LinkedHashMap<>();

  @Option(
      names = "--size",
      paramLabel = "ROWSxCOLUMNS",
      converter = Sizes.class,
      description = "The size of the terminal. Default: 24x80.")
  private @Nullable TerminalSize size;

  @Option(
      names = "--resize-policy",
      paramLabel = "POLICY",
      description = "Who decides the size: ${COMPLETION-CANDIDATES}. Default: latest.")
  private @Nullable Policy policy;

  @Option(names = "--pipes", description = "On pipes instead of on a terminal.")
  private boolean pipes;

  @Option(names = "--or-pipes", description = "On pipes if the server has no terminal left.")
  private boolean orPipes;

  @Option(names = "--parent", paramLabel = "SESSION", description = "The parent session.")
  private String parent = "";

  @Option(names = "--internal", description = "Hide it from lists that do not ask for it.")
  private boolean internal;

  @Option(
      names = "--run",
      paramLabel = "PROMPT",
      description = "Prompt it with this as soon as it is ready, once. May be repeated.")
  private List<String> startPrompts = new ArrayList<>();

  @Option(
      names = "--get-or-create",
      description = "Take the session with this --name if there is one.")
  private boolean getOrCreate;

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Makes it safe to repeat: for 24 hours the same id finds the same session.")
  private String requestId = "";

  @Option(
      names = {"-a", "--attach"},
      description = "Attach to it.")
  private boolean attach;

  @Mixin private final SettingsOptions settings = new SettingsOptions();
  @Mixin private final AgentOptions agent = new AgentOptions();
  @Mixin private final KeysOption keys = new KeysOption();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  NewCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (getOrCreate && name.isEmpty()) {
      throw CliException.usage("--get-or-create needs the --name to look for");
    }
    if (attach && format.json()) {
      throw CliException.usage("--attach shows the session itself; leave --output json out");
    }
    try (CleatClient client = server.connect()) {
      Session session = client.create(wanted(client));
      if (attach) {
        return new Attaching(streams, session, keys.keys()).run();
      }
      streams.line(format.json() ? Json.of(session.info().raw()) : session.id());
      return ExitCode.DONE;
    }
  }

  private NewSession wanted(CleatClient client) {
    NewSession wanted = NewSession.of(tool).args(args).startPrompts(startPrompts);
    if (workdir != null) {
      wanted.workdir(workdir.toAbsolutePath().normalize().toString());
    }
    env.forEach((variable, value) -> wanted.env(variable, value == null ? here(variable) : value));
    labels.forEach(wanted::label);
    if (pipes) {
      wanted.onPipes();
    } else if (orPipes) {
      wanted.onTerminalOrPipes();
    }
    if (!parent.isEmpty()) {
      wanted.parent(Sessions.find(client, parent).id());
    }
    settings.apply(wanted);
    agent.apply(wanted);
    return wanted.customize(request -> {
      request
          .setName(name)
          .setSessionId(id)
          .setInternal(internal)
          .setGetOrCreate(getOrCreate)
          .setRequestId(requestId);
      size().ifPresent(request::setSize);
      if (policy != null) {
        request.setResizePolicy(ResizePolicy.valueOf("RESIZE_POLICY_" + policy.name()));
      }
    });
  }

  /**
   * As asked for; else, for who attaches, that of the window, before a program draws in another.
   */
  private Optional<TerminalSize> size() {
    if (size != null || !attach || pipes) {
      return Optional.ofNullable(size);
    }
    try (LocalTerminal terminal = LocalTerminal.open().orElse(null)) {
      return Optional.ofNullable(terminal)
          .flatMap(LocalTerminal::size)
          .map(window -> Sizes.limited(window.getRows(), window.getColumns()));
    }
  }

  private static String here(String variable) {
    String value = System.getenv(variable);
    if (value == null) {
      throw CliException.usage(
          "--env %s: there is no such variable here; give it a value, %s=…"
              .formatted(variable, variable));
    }
    return value;
  }
}

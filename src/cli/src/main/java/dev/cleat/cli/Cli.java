package dev.cleat.cli;

import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/**
 * The {@code cleat} command: finds the subcommand and runs it.
 *
 * <p>Only the subcommand that is called is built, unless it is about all of them: reading the
 * annotations of the others, and loading the server for the flags of {@code serve}, would delay
 * every start.
 */
final class Cli {
  private static final Map<String, Function<Streams, CommandSpec>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("serve", ServeCommand::spec);
    add("new", NewCommand::new);
    add("ls", LsCommand::new);
    add("set", SetCommand::new);
    add("info", InfoCommand::new);
    add("attach", AttachCommand::new);
    add("prompt", PromptCommand::new);
    add("send", SendCommand::new);
    add("logs", LogsCommand::new);
    add("screen", ScreenCommand::new);
    add("turns", TurnsCommand::new);
    add("cancel", CancelCommand::new);
    add("add-usage", AddUsageCommand::new);
    add("approvals", ApprovalsCommand::new);
    add("approve", ApproveCommand::new);
    add("deny", DenyCommand::new);
    add("artifacts", ArtifactsCommand::new);
    add("artifact", ArtifactCommand::new);
    add("interrupt", InterruptCommand::new);
    add("pause", PauseCommand::new);
    add("resume", ResumeCommand::new);
    add("stop", StopCommand::new);
    add("restart", RestartCommand::new);
    add("rm", RmCommand::new);
    add("tools", ToolsCommand::new);
    add("health", HealthCommand::new);
    add("whoami", WhoAmICommand::new);
    add("quotas", QuotasCommand::new);
    add("ticket", TicketCommand::new);
    COMMANDS.put("token", Cli::token);
    add("completion", CompletionCommand::new);
  }

  private static final String[] FOOTER = {
    "",
    "SESSION is a session's id or its name; what is both means the id.",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 could not reach the server;",
    "prompt and attach otherwise end with the code of the command, and prompt to an agent",
    "with 124 when the turn timed out, 130 when it was cancelled.",
    "CLEAT_DEBUG=1 shows where an error comes from."
  };

  private Cli() {}

  private static void add(String name, Function<Streams, Object> command) {
    COMMANDS.put(name, streams -> CommandSpec.forAnnotatedObject(command.apply(streams)));
  }

  private static CommandSpec token(Streams streams) {
    CommandSpec token = CommandSpec.create().name("token");
    token.usageMessage().description("Bearer tokens.");
    return token.addSubcommand("new", CommandSpec.forAnnotatedObject(new TokenNewCommand(streams)));
  }

  /** Runs a command line and returns the exit code. */
  static int run(Streams streams, String... args) {
    Logging.silence(args);
    Failures failures = new Failures(streams);
    CommandLine line =
        args.length > 0 && COMMANDS.containsKey(args[0]) ? with(streams, args[0]) : all(streams);
    PrintWriter out = writer(streams.out());
    PrintWriter err = writer(streams.err());
    line.setOut(out)
        .setErr(err)
        .setUnmatchedOptionsArePositionalParams(false)
        .setParameterExceptionHandler(failures::wrongUsage)
        .setExecutionExceptionHandler(failures::failed)
        .setExecutionStrategy(
            parsed -> parsed.hasSubcommand() || helpAsked(parsed) ? run(parsed) : noCommand(line));
    int code = line.execute(args);
    out.flush();
    err.flush();
    return code;
  }

  /** The command with all its subcommands, for help and completion. */
  static CommandLine all(Streams streams) {
    return with(streams, COMMANDS.keySet().toArray(String[]::new));
  }

  private static CommandLine with(Streams streams, String... names) {
    CommandLine line = new CommandLine(root());
    for (String name : names) {
      Function<Streams, CommandSpec> command = COMMANDS.get(name);
      if (command != null) {
        line.addSubcommand(name, command.apply(streams));
      }
    }
    Words.register(line);
    // Whoever types @README.md names a file to an agent; the shell has its own ways to put one in.
    return line.setExpandAtFiles(false);
  }

  private static CommandSpec root() {
    CommandSpec root = CommandSpec.create().name("cleat").versionProvider(new Version());
    root.usageMessage()
        .description("Terminal sessions that clients attach to, leave, and come back to.")
        .footer(FOOTER);
    return root.addOption(
            OptionSpec.builder("-h", "--help")
                .type(boolean.class)
                .usageHelp(true)
                .scopeType(ScopeType.INHERIT)
                .description("Show this help.")
                .build())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .type(boolean.class)
                .versionHelp(true)
                .description("Show the version.")
                .build());
  }

  private static boolean helpAsked(CommandLine.ParseResult parsed) {
    return parsed.isUsageHelpRequested() || parsed.isVersionHelpRequested();
  }

  private static int run(CommandLine.ParseResult parsed) {
    return new CommandLine.RunLast().execute(parsed);
  }

  private static int noCommand(CommandLine line) {
    line.usage(line.getErr());
    return ExitCode.WRONG_USAGE;
  }

  private static PrintWriter writer(OutputStream out) {
    return new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), true);
  }
}

package dev.cleat.cli;

import dev.cleat.cli.terminal.OutputFilter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a session's output is printed where it is a result, and not a terminal of its own. */
final class OutputOption {
  @Option(
      names = "--raw",
      description = "Print bytes as they came. Default on a terminal, but for questions to it.")
  private boolean raw;

  @Option(
      names = "--plain",
      description = "Print text without escape sequences. Default for a pipe or a file.")
  private boolean plain;

  /** Whether text without escape sequences is wanted. */
  boolean plain(Streams streams) {
    if (raw && plain) {
      throw CliException.usage("--raw and --plain are the opposite of each other");
    }
    return plain || (!raw && !streams.seen().getAsBoolean());
  }

  /** What stands between the session and standard output; null for nothing. */
  @Nullable OutputFilter filter(Streams streams) {
    if (plain(streams)) {
      return OutputFilter.plain();
    }
    return streams.seen().getAsBoolean() ? OutputFilter.forTerminal() : null;
  }
}

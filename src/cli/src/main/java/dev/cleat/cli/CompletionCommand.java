package dev.cleat.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cleat completion}. */
@Command(
    name = "completion",
    description = {
      "Print a script that completes the command line.",
      "bash: source <(cleat completion bash)",
      "zsh:  source <(cleat completion zsh)"
    })
final class CompletionCommand implements Callable<Integer> {

  /** The shells, in lower case on the command line. */
  enum Shell {
    BASH,
    ZSH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Streams streams;

  @Parameters(index = "0", paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
  private Shell shell = Shell.BASH;

  CompletionCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    // One script for both: in zsh it switches on what runs completions of bash.
    streams.line("# cleat completion " + shell);
    streams.line(AutoComplete.bash("cleat", Cli.all(streams)));
    return ExitCode.DONE;
  }
}

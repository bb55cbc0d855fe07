package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.client.Usage;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat add-usage}. */
@Command(
    name = "add-usage",
    description = "Add to what a turn has used of a model, where you know more than its tool says.",
    footer = {
      "",
      "Example: cleat add-usage helper TURN --input 1200 --output-tokens 300 --cost 0.02"
    })
final class AddUsageCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(index = "1", paramLabel = "TURN", description = "The turn's id. It has ended.")
  private String turn = "";

  @Option(names = "--input", paramLabel = "TOKENS", description = "Tokens that the model read.")
  private long input;

  @Option(names = "--cached", paramLabel = "TOKENS", description = "Of these, from a cache.")
  private long cached;

  @Option(names = "--output-tokens", paramLabel = "TOKENS", description = "Tokens it wrote.")
  private long output;

  @Option(names = "--cost", paramLabel = "DOLLARS", description = "What it cost, in US dollars.")
  private double cost;

  @Option(names = "--by", paramLabel = "NAME", description = "What you call yourself.")
  private String by = "";

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  AddUsageCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (input == 0 && cached == 0 && output == 0 && cost == 0) {
      throw CliException.usage("say what to add: --input, --cached, --output-tokens, --cost");
    }
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      Turn now = found.addUsage(turn, new Usage(input, cached, output, cost, false), by);
      Usage all = now.usage();
      streams.line(
          format.json()
              ? Json.of(now.raw())
              : String.format(
                  Locale.ROOT,
                  "%s %d tokens read, %d written; $%.4f",
                  now.id(),
                  all.inputTokens(),
                  all.outputTokens(),
                  all.costUsd()));
      return ExitCode.DONE;
    }
  }
}

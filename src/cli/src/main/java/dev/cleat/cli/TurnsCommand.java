package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Turn;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat turns}. */
@Command(name = "turns", description = "List the turns of a session, newest first.")
final class TurnsCommand implements Callable<Integer> {
  private static final int MAX = 1_000;
  private static final int PROMPT_CHARACTERS = 60;

  private final Streams streams;

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "NUMBER",
      defaultValue = "20",
      description = "At most this many, 1 to 1000. Default: 20.")
  private int limit;

  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  TurnsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (limit < 1 || limit > MAX) {
      throw CliException.usage("--limit is 1 to %d, and not %d".formatted(MAX, limit));
    }
    try (CleatClient client = server.connect()) {
      List<Turn> turns = session.find(client).turns(limit);
      if (format.json()) {
        turns.forEach(turn -> streams.line(Json.of(turn.raw())));
        return ExitCode.DONE;
      }
      Table table = new Table("NUMBER", "ID", "STATE", "EXIT", "DURATION", "PROMPT");
      for (Turn turn : turns) {
        table.add(
            Long.toString(turn.number()),
            turn.id(),
            Show.state(turn),
            turn.exit().map(Show::exit).orElse("-"),
            turn.raw().hasDuration() ? Durations.show(turn.duration()) : "-",
            Show.brief(turn.prompt(), PROMPT_CHARACTERS));
      }
      table.print(streams);
      return ExitCode.DONE;
    }
  }
}

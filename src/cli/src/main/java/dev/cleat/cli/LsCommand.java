package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionQuery;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat ls}. */
@Command(name = "ls", description = "List sessions, oldest first.")
final class LsCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-a", "--all"},
      description = "Internal sessions too.")
  private boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "Only ids.")
  private boolean quiet;

  @Mixin private final FilterOptions filter = new FilterOptions();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  LsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      List<SessionInfo> sessions =
          client.list(
              SessionQuery.all()
                  .customize(f -> f.mergeFrom(filter.filter()).setIncludeInternal(all)));
      if (format.json()) {
        sessions.forEach(session -> streams.line(Json.of(session.raw())));
      } else if (quiet) {
        sessions.forEach(session -> streams.line(session.id()));
      } else {
        Show.sessions(streams, sessions);
      }
      return ExitCode.DONE;
    }
  }
}

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

  @Option(
      names = {"-w", "--watch"},
      description = "Then print each change as it happens.")
  private boolean watch;

  @Mixin private final FilterOptions filter = new FilterOptions();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  LsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws InterruptedException {
    SessionQuery query =
        SessionQuery.all().customize(f -> f.mergeFrom(filter.filter()).setIncludeInternal(all));
    try (CleatClient client = server.connect()) {
      if (watch) {
        new ListWatch(streams, format.json()).run(client, query, () -> print(client.list(query)));
      } else {
        print(client.list(query));
      }
      return ExitCode.DONE;
    }
  }

  private void print(List<SessionInfo> sessions) {
    if (format.json()) {
      sessions.forEach(session -> streams.line(Json.of(session.raw())));
    } else if (quiet) {
      sessions.forEach(session -> streams.line(session.id()));
    } else {
      Show.sessions(streams, sessions);
    }
  }
}

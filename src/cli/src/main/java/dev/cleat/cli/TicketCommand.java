package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Ticket;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat ticket}. */
@Command(
    name = "ticket",
    description = "Make a token for one session, one role and a short time, to hand on.",
    footer = {
      "",
      "It is printed once and kept nowhere. It ends with its time, with the session's process, and",
      "with the server's key for tickets.",
      "Example: cleat ticket helper --role viewer --ttl 1h > ticket"
    })
final class TicketCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      required = true,
      description = "What its bearer may do: ${COMPLETION-CANDIDATES}.")
  private RoleWord role = RoleWord.VIEWER;

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      defaultValue = "15m",
      converter = Durations.class,
      description = "How long it is valid: 1s to 24h. Default: 15m.")
  private Duration ttl = Duration.ofMinutes(15);

  @Mixin private final ServerOption server = new ServerOption();

  TicketCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      Ticket ticket = session.find(client).ticket(role.role(), ttl);
      streams.line(ticket.token());
      streams.note("valid until " + ticket.expires());
      return ExitCode.DONE;
    }
  }
}

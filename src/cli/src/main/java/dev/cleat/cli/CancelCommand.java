package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.Turn;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cleat cancel}. */
@Command(
    name = "cancel",
    description = "Cancel a turn of a session: interrupt it, or take it from the queue.")
final class CancelCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TURN",
      description = "The turn's id. Default: the one under way.")
  private String turn = "";

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  CancelCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      String id = turn.isEmpty() ? found.info().raw().getCurrentTurnId() : turn;
      if (id.isEmpty()) {
        throw CliException.failed(
            "no turn of %s is under way; cleat turns lists them".formatted(session.text()));
      }
      Turn now =
          client
              .grpc()
              .sessions()
              .cancelTurn(
                  CancelTurnRequest.newBuilder().setSessionId(found.id()).setTurnId(id).build())
              .getTurn();
      streams.line(
          format.json()
              ? Json.of(now)
              : now.getId()
                  + " "
                  + now.getState().name().replace("TURN_STATE_", "").toLowerCase(Locale.ROOT));
      return ExitCode.DONE;
    }
  }
}

package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.SessionInfo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat pause}. */
@Command(name = "pause", description = "Halt all processes of a session.")
final class PauseCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  PauseCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      SessionInfo now = session.find(client).pause();
      streams.line(format.json() ? Json.of(now.raw()) : now.id() + " " + Show.state(now));
      return ExitCode.DONE;
    }
  }
}

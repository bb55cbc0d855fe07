package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat interrupt}. */
@Command(
    name = "interrupt",
    description = "Interrupt what runs in the foreground of a session, as Ctrl-C does.")
final class InterruptCommand implements Callable<Integer> {
  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final ServerOption server = new ServerOption();

  InterruptCommand(Streams streams) {}

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      session.find(client).interrupt();
      return ExitCode.DONE;
    }
  }
}

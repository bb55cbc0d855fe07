package dev.cleat.cli;

import dev.cleat.client.CallerInfo;
import dev.cleat.client.CleatClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat whoami}. */
@Command(name = "whoami", description = "Show whom the server takes you for.")
final class WhoAmICommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final ServerOption server = new ServerOption();

  WhoAmICommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      CallerInfo caller = client.whoAmI();
      line("tenant", caller.tenant());
      line("subject", Show.plain(caller.subject()));
      line("role", Show.word(caller.role()));
      caller.sessionId().ifPresent(session -> line("session", session));
      caller.expires().ifPresent(time -> line("expires", time.toString()));
      return ExitCode.DONE;
    }
  }

  private void line(String name, String value) {
    streams.line("%-8s %s".formatted(name, value));
  }
}

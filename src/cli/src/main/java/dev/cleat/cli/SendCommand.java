package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.v1.SessionMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat send}. */
@Command(
    name = "send",
    description = "Type into a session: the words given, with spaces between, or standard input.")
final class SendCommand implements Callable<Integer> {
  /** A message may have 1 MiB of input. */
  private static final int PIECE_BYTES = 256 << 10;

  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "TEXT",
      description = "What to type. Default: what is on standard input.")
  private List<String> words = new ArrayList<>();

  @Option(
      names = {"-e", "--enter"},
      description = "Press Enter at the end.")
  private boolean enter;

  @Mixin private final ServerOption server = new ServerOption();

  SendCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      if (words.isEmpty()) {
        // A person at the keyboard who only wants Enter pressed types nothing more.
        if (!enter || !streams.typed().getAsBoolean()) {
          copy(found);
        }
      } else {
        type(found, String.join(" ", words).getBytes(StandardCharsets.UTF_8));
      }
      if (enter) {
        boolean pipes = found.info().raw().getMode() == SessionMode.SESSION_MODE_PIPES;
        found.sendInput(new byte[] {(byte) (pipes ? '\n' : '\r')});
      }
      return ExitCode.DONE;
    }
  }

  private void copy(Session to) throws IOException {
    byte[] buffer = new byte[PIECE_BYTES];
    for (int n = streams.in().read(buffer); n >= 0; n = streams.in().read(buffer)) {
      if (n > 0) {
        to.sendInput(Arrays.copyOf(buffer, n));
      }
    }
  }

  private static void type(Session to, byte[] all) {
    for (int from = 0; from < all.length; from += PIECE_BYTES) {
      to.sendInput(Arrays.copyOfRange(all, from, Math.min(all.length, from + PIECE_BYTES)));
    }
  }
}

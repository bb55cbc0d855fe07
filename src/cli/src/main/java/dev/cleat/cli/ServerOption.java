package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which server. */
final class ServerOption {
  /** The name of the field of this mixin in every command that has it. */
  static final String NAME = "server";

  private static final String DEFAULT = "127.0.0.1:7070";
  private static final Pattern FORM = Pattern.compile("(\\[[^]\\s]+]|[^\\s:/\\[\\]]+):\\d{1,5}");

  /** Bridges a hiccup of the network; longer would only delay saying that there is no server. */
  private static final Duration RETRY = Duration.ofMillis(500);

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:CLEAT_SERVER:-" + DEFAULT + "}",
      description = "The server; else CLEAT_SERVER, else " + DEFAULT + ".")
  private String given = DEFAULT;

  String target() {
    return given.isBlank() ? DEFAULT : given;
  }

  /** A client for it. Does not connect yet. */
  CleatClient connect() {
    if (!FORM.matcher(target()).matches()) {
      throw CliException.usage(
          "the server is given as HOST:PORT, such as %s, and not as '%s'"
              .formatted(DEFAULT, target()));
    }
    return CleatClient.builder().target(target()).retryFor(RETRY).build();
  }
}

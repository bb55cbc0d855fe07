package dev.cleat.cli;

import dev.cleat.client.Artifact;
import dev.cleat.client.CleatClient;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat artifacts}. */
@Command(
    name = "artifacts",
    description =
        "List the media files that a session's tool has named: pictures, sounds, films and PDF.")
final class ArtifactsCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  ArtifactsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      List<Artifact> artifacts = session.find(client).artifacts();
      if (format.json()) {
        artifacts.forEach(artifact -> streams.line(Json.of(artifact.raw())));
        return ExitCode.DONE;
      }
      Table table = new Table("ID", "TYPE", "BYTES", "AGE", "PATH");
      for (Artifact artifact : artifacts) {
        table.add(
            artifact.id(),
            artifact.mimeType(),
            Long.toString(artifact.size()),
            Show.age(artifact.modified()),
            Show.plain(artifact.path()));
      }
      table.print(streams);
      return ExitCode.DONE;
    }
  }
}

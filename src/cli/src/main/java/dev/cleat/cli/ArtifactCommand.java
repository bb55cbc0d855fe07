package dev.cleat.cli;

import dev.cleat.client.Artifact;
import dev.cleat.client.ArtifactStream;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat artifact}. */
@Command(name = "artifact", description = "Fetch a media file that a session's tool has named.")
final class ArtifactCommand implements Callable<Integer> {
  private static final String STANDARD_OUTPUT = "-";
  private static final int PIECE_BYTES = 64 << 10;

  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "Its id; or its path or name, as \"cleat artifacts\" shows it.")
  private String file = "";

  @Option(
      names = "--to",
      paramLabel = "PATH",
      description =
          "Where to put it: a file, which is written over, a folder, or - for standard output. With"
              + " a / at its end it is a folder, made where there is none. Without this, in the"
              + " working directory under its own name, over nothing.")
  private String to = "";

  @Option(names = "--forget", description = "Forget it instead; the file itself stays.")
  private boolean forget;

  @Mixin private final ServerOption server = new ServerOption();

  ArtifactCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if (forget && !to.isEmpty()) {
      throw CliException.usage("--forget fetches nothing: it goes without --to");
    }
    try (CleatClient client = server.connect()) {
      Session named = session.find(client);
      Artifact artifact = find(named.artifacts());
      if (forget) {
        named.forgetArtifact(artifact.id());
      } else if (to.equals(STANDARD_OUTPUT)) {
        print(named, artifact);
      } else {
        Path target = target(artifact);
        copy(named, artifact, target);
      }
      return ExitCode.DONE;
    }
  }

  private void copy(Session named, Artifact artifact, Path target) throws IOException {
    try {
      if (isFolder()) {
        Files.createDirectories(Path.of(to));
      }
      Artifact copied = named.artifact(artifact.id(), target);
      streams.line(target + "  " + copied.mimeType() + "  " + copied.size() + " bytes");
    } catch (FileSystemException e) {
      throw CliException.failed("cannot write %s: %s".formatted(target, e.getMessage()), e);
    }
  }

  /** The newest, where several have the name. */
  private Artifact find(List<Artifact> all) {
    return all.stream()
        .filter(artifact -> artifact.id().equals(file))
        .findFirst()
        .or(() -> all.stream().filter(artifact -> artifact.path().equals(file)).findFirst())
        .or(() -> all.stream().filter(artifact -> artifact.name().equals(file)).findFirst())
        .orElseThrow(() ->
            CliException.failed(
                "the session has no media file '%s'; \"cleat artifacts\" lists them"
                    .formatted(file)));
  }

  private void print(Session named, Artifact artifact) throws IOException {
    try (ArtifactStream stream = named.artifact(artifact.id())) {
      byte[] piece = new byte[PIECE_BYTES];
      for (int count = stream.read(piece); count >= 0; count = stream.read(piece)) {
        streams.print(Arrays.copyOf(piece, count));
      }
    }
  }

  /** Whether it is said to be one, be it there or not. */
  private boolean isFolder() {
    return to.endsWith("/");
  }

  private Path target(Artifact artifact) {
    Path given = Path.of(to.isEmpty() ? "." : to);
    if (!isFolder() && !Files.isDirectory(given)) {
      return given;
    }
    // The server's word for a name is not taken for more than one.
    Path name = Path.of(artifact.name()).getFileName();
    Path target = given.resolve(name == null ? Path.of("") : name).normalize();
    if (to.isEmpty() && Files.exists(target)) {
      throw CliException.failed(
          "%s is already there; say where to put it with --to".formatted(target));
    }
    return target;
  }
}

package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Prometheus' own judge of rules and expressions. */
final class Promtool {
  private static final Optional<Path> PROGRAM =
      Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin").split(":"))
          .map(folder -> Path.of(folder, "promtool"))
          .filter(Files::isExecutable)
          .findFirst();

  private Promtool() {}

  /** Runs it, and wants it to be content. */
  static void run(String... arguments) throws IOException, InterruptedException {
    assumeTrue(PROGRAM.isPresent(), "needs promtool, of Debian's package prometheus");
    List<String> command = new ArrayList<>(List.of(PROGRAM.orElseThrow().toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}

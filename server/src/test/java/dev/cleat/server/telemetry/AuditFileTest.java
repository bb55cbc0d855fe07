package dev.cleat.server.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditFileTest {
  private static byte[] line(String text) {
    return (text + "\n").getBytes(UTF_8);
  }

  @Test
  void goesOnInAFileThatIsThere(@TempDir Path folder) throws Exception {
    final Path path = folder.resolve("log");
    try (AuditFile file = AuditFile.open(path)) {
      file.append(line("one"));
    }
    try (AuditFile file = AuditFile.open(path)) {
      file.append(line("two"));
    }

    assertThat(path).hasContent("one\ntwo\n");
  }

  @Test
  void beginsAnewWhenItsFileIsMovedAwayWithoutLosingALine(@TempDir Path folder) throws Exception {
    final Path path = folder.resolve("log");
    final int rotations = 20;
    final int lines = 2_000;
    final AtomicInteger written = new AtomicInteger();
    try (AuditFile file = AuditFile.open(path)) {
      final Thread writer =
          Thread.ofVirtual()
              .start(() ->
                  IntStream.range(0, lines)
                      .forEach(i -> {
                        try {
                          file.append(line(String.valueOf(i)));
                          written.incrementAndGet();
                        } catch (java.io.IOException e) {
                          throw new java.io.UncheckedIOException(e);
                        }
                      }));
      for (int i = 0; i < rotations && writer.isAlive(); i++) {
        while (written.get() <= i * (lines / rotations) && writer.isAlive()) {
          Thread.onSpinWait();
        }
        if (Files.exists(path)) {
          Files.move(path, folder.resolve("log." + i));
        }
      }
      writer.join();
      file.append(line("last"));
    }
    final List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path one : files.toList()) {
        all.addAll(Files.readAllLines(one));
      }
    }
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(IntStream.range(0, lines).mapToObj(String::valueOf), Stream.of("last"))
                .toList());
    assertThat(Files.readAllLines(path)).endsWith("last");
  }
}

package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The making of the start-up caches, with a JVM that is a script. */
final class TrainTest {
  /**
   * A server, and a command whose cache is made, that hear no polite signal; another command takes
   * its time.
   */
  private static String java(Path folder) {
    return """
    #!/bin/sh
    case " $* " in
      *" serve "*)
        trap '' INT TERM
        echo $$ > %1$s/server
        echo cleat serves on nowhere
        ;;
      *" new "*) exit ;;
      *AOTCacheOutput*)
        trap '' INT TERM
        echo $$ > %1$s/cached
        ;;
      *) : > %1$s/client ;;
    esac
    exec sleep 1000
    """
        .formatted(folder);
  }

  /** The process that writes its number there. */
  private static ProcessHandle process(Path file) throws IOException {
    Awaitility.await().until(() -> Files.exists(file) && Files.readString(file).endsWith("\n"));
    return ProcessHandle.of(Long.parseLong(Files.readString(file).strip())).orElseThrow();
  }

  @Test
  void nothingIsLeftWhenItIsInterrupted(@TempDir Path folder) throws Exception {
    Path java = Files.writeString(folder.resolve("java"), java(folder));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    Path work = Files.createDirectory(folder.resolve("work"));
    ProcessBuilder command =
        new ProcessBuilder(
            "setsid", "sh", Path.of("train").toAbsolutePath().toString(), "dist", java.toString());
    command.environment().put("TMPDIR", work.toString());
    // What would be left could hold a pipe open.
    Process train =
        command
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Awaitility.await().until(() -> Files.exists(folder.resolve("client")));
    ProcessHandle server = process(folder.resolve("server"));
    ProcessHandle cached = process(folder.resolve("cached"));

    Process kill = new ProcessBuilder("kill", "-TERM", "--", "-" + train.pid()).start();

    assertThat(kill.waitFor()).isZero();
    assertThat(train.waitFor()).isEqualTo(143);
    Awaitility.await().until(() -> !server.isAlive() && !cached.isAlive());
    try (var left = Files.list(work)) {
      assertThat(left.toList()).isEqualTo(List.of());
    }
  }
}

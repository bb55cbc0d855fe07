package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class ShellInitTest {
  @TempDir Path folder;

  @Test
  void filesAreTheOwnersAloneAndReplaceOlderOnes() throws Exception {
    Path shells = folder.resolve("deep/shells");
    Files.createDirectories(shells);
    Path file = Files.writeString(shells.resolve("bash.rc"), "echo of an earlier version");

    ShellInit.install(shells);
    ShellInit.install(shells);

    assertThat(file).content().contains("133;D").doesNotContain("earlier version");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(shells)))
        .isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(shells)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void startUpFileComesBeforeTheShellsOtherOptions() throws Exception {
    ShellInit shells = ShellInit.install(folder);

    assertThat(shells.command(Shell.BASH, List.of("/bin/bash", "--posix", "-i")))
        .containsExactly(
            "/bin/bash", "--rcfile", folder.resolve("bash.rc").toString(), "--posix", "-i");
  }
}

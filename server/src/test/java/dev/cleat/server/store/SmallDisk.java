package dev.cleat.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A file system of a few hundred KiB in memory, which can be filled and made read-only. */
final class SmallDisk {
  private final Path folder;

  private SmallDisk(Path folder) {
    this.folder = folder;
  }

  /** Skips the test where no file system may be mounted. */
  static SmallDisk mount(Path folder, int kib) throws IOException, InterruptedException {
    String failure =
        run(
            List.of(
                "mount",
                "-t",
                "tmpfs",
                "-o",
                "size=" + kib + "k,mode=700",
                "tmpfs",
                folder.toString()));
    assumeTrue(failure.isEmpty(), () -> "no file system can be mounted here: " + failure);
    return new SmallDisk(folder);
  }

  Path folder() {
    return folder;
  }

  void makeReadOnly() {
    notBusy(List.of("mount", "-o", "remount,ro", folder.toString()));
  }

  /** Takes all the room there is, until {@link #free}. */
  void fill() throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(folder.resolve("filler"))) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(Files.size(folder.resolve("filler"))).isPositive();
    }
  }

  void free() throws IOException {
    // Emptied first: a process that another test starts has the file open for a moment.
    Files.write(folder.resolve("filler"), new byte[0]);
    Files.delete(folder.resolve("filler"));
  }

  void unmount() {
    notBusy(List.of("umount", folder.toString()));
  }

  /** A process that another test starts has this one's files open for a moment. */
  private static void notBusy(List<String> command) {
    await().untilAsserted(() -> assertThat(run(command)).isEmpty());
  }

  /** What the command said if it failed; empty if it did not. */
  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue() == 0 ? "" : command.getFirst() + " said " + said;
  }
}

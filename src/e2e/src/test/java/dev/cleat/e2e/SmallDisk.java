package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A file system of {@value #MIB} MiB in memory, which can be filled and made read-only. After the
 * test it is unmounted, which fails while anybody still uses it.
 */
public final class SmallDisk implements AfterEachCallback {
  private static final int MIB = 32;

  private @Nullable Path mounted;

  /** Mounts it on a new folder. Skips the test where no file system may be mounted. */
  public Path mount(Path folder) throws IOException, InterruptedException {
    Files.createDirectory(folder);
    String options = "size=" + MIB + "m,mode=700";
    String failure =
        run(List.of("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.toString()));
    assumeTrue(failure.isEmpty(), () -> "no file system can be mounted here: " + failure);
    mounted = folder;
    return folder;
  }

  private Path folder() {
    return Objects.requireNonNull(mounted, "not mounted");
  }

  private Path filler() {
    return folder().resolve("filler");
  }

  void makeReadOnly() {
    notBusy(List.of("mount", "-o", "remount,ro", folder().toString()));
  }

  /** Takes all the room there is, until {@link #free}. */
  public void fill() throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filler())) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(Files.size(filler())).isPositive();
    }
  }

  public void free() throws IOException {
    // Emptied first: a process that another test starts has the file open for a moment.
    Files.write(filler(), new byte[0]);
    Files.delete(filler());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (mounted != null) {
      notBusy(List.of("umount", mounted.toString()));
    }
  }

  /** A process that another test starts has this one's files open for a moment. */
  private static void notBusy(List<String> command) {
    Await.until(String.join(" ", command), () -> run(command).isEmpty());
  }

  /** What the command said if it failed; empty if it did not. */
  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue() == 0 ? "" : command.getFirst() + " said " + said;
  }
}

package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Media files below folders that their owner changes meanwhile. */
class MediaFilesTest {
  private static final byte[] PNG = "\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final int LOOKS = 20_000;

  @TempDir Path folder;
  private Path work;
  private Path outside;
  private MediaFiles files;

  @BeforeEach
  void folders() throws IOException {
    work = Files.createDirectory(folder.toRealPath().resolve("work"));
    outside = Files.createDirectory(folder.toRealPath().resolve("outside"));
    files = new MediaFiles(work, List.of(), work, true);
    Files.write(outside.resolve("good.png"), PNG);
  }

  /** Puts two files in turn at the place of one, until it is told to stop. */
  private CompletableFuture<Void> exchange(Path place, Path one, Path other, AtomicBoolean stop) {
    final Path next = outside.resolve("next");
    return CompletableFuture.runAsync(
        () -> {
          try {
            for (int i = 0; !stop.get(); i++) {
              // A second name, which is the file itself.
              Files.createLink(next, i % 2 == 0 ? one : other);
              Files.move(next, place, StandardCopyOption.ATOMIC_MOVE);
            }
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        },
        task -> Thread.ofPlatform().daemon().start(task));
  }

  private int lookWhileExchanged(Path other) throws Exception {
    final Path place = work.resolve("x.png");
    Files.createLink(place, other);
    final AtomicBoolean stop = new AtomicBoolean();
    final CompletableFuture<Void> exchanging =
        exchange(place, outside.resolve("good.png"), other, stop);
    int found = 0;
    try {
      for (int i = 0; i < LOOKS || found == 0; i++) {
        final Optional<MediaFiles.Found> one = files.find(List.of("x.png"), List.of());
        one.ifPresent(file -> assertThat(file.size()).isEqualTo(PNG.length));
        found += one.isPresent() ? 1 : 0;
      }
    } finally {
      stop.set(true);
      exchanging.get(1, TimeUnit.MINUTES);
    }
    return found;
  }

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPipeThatTakesTheFilesPlaceIsNotWaitedFor() throws Exception {
    final Path pipe = outside.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();

    assertThat(lookWhileExchanged(pipe)).isPositive();
  }

  @Test
  void aLinkThatTakesTheFilesPlaceLeadsNowhereElse() throws Exception {
    final Path secret = Files.write(outside.resolve("secret.png"), Arrays.copyOf(PNG, 1_000));
    final Path link = Files.createSymbolicLink(outside.resolve("link"), secret);

    assertThat(lookWhileExchanged(link)).isPositive();
  }

  @Test
  void whatHasBeenOpenedIsTheFileThatWasFound() throws Exception {
    final Path place = work.resolve("y.png");
    Files.write(place, PNG);
    try (MediaFiles.Opened opened = files.open("y.png").orElseThrow()) {
      Files.delete(place);

      assertThat(opened.found().path()).isEqualTo("y.png");
      assertThat(opened.channel().size()).isEqualTo(PNG.length);
      assertThat(files.open("y.png")).isEmpty();
      assertThat(files.isGone("y.png")).isTrue();
    }
  }
}

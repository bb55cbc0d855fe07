package dev.cleat.cli;

import dev.cleat.client.Prompt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Files with pictures that go with a prompt. */
final class Pictures {
  private static final int MOST = 10;
  private static final long BYTES = 3 << 20;

  private Pictures() {}

  /** The prompt with the pictures; their types are judged by what is in the files. */
  static Prompt add(Prompt prompt, List<Path> files) {
    if (files.size() > MOST) {
      throw CliException.usage(
          "a prompt takes up to %d images, and not %d".formatted(MOST, files.size()));
    }
    Prompt with = prompt;
    long left = BYTES;
    for (Path file : files) {
      byte[] data = read(file, left);
      left -= data.length;
      with = with.image(type(data).orElseThrow(() -> notAPicture(file)), data);
    }
    return with;
  }

  private static byte[] read(Path file, long left) {
    try {
      if (Files.isDirectory(file)) {
        throw CliException.usage("--image %s: it is a directory".formatted(file));
      }
      if (Files.size(file) > left) {
        throw CliException.usage(
            "--image %s: the images of a prompt are up to 3 MiB together".formatted(file));
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw CliException.usage("--image %s: there is no such file".formatted(file));
    } catch (IOException e) {
      throw CliException.failed(
          "--image %s: it cannot be read: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static CliException notAPicture(Path file) {
    return CliException.usage(
        "--image %s: it is not a picture of type PNG, JPEG, GIF or WebP".formatted(file));
  }

  private static Optional<String> type(byte[] data) {
    if (starts(data, 0, "\u0089PNG\r\n\u001a\n")) {
      return Optional.of("image/png");
    }
    if (starts(data, 0, "\u00ff\u00d8\u00ff")) {
      return Optional.of("image/jpeg");
    }
    if (starts(data, 0, "GIF87a") || starts(data, 0, "GIF89a")) {
      return Optional.of("image/gif");
    }
    return starts(data, 0, "RIFF") && starts(data, 8, "WEBP")
        ? Optional.of("image/webp")
        : Optional.empty();
  }

  private static boolean starts(byte[] data, int at, String signature) {
    byte[] expected = signature.getBytes(StandardCharsets.ISO_8859_1);
    return data.length >= at + expected.length
        && Arrays.equals(data, at, at + expected.length, expected, 0, expected.length);
  }
}

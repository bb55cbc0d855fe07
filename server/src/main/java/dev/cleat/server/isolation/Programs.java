package dev.cleat.server.isolation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Finds the programs of this machine that isolation is made of. */
final class Programs {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final String path;

  /**
   * Those on a path.
   *
   * @param path with colons between its folders; empty for the usual one
   */
  Programs(String path) {
    this.path = path.isEmpty() ? DEFAULT_PATH : path;
  }

  /**
   * The absolute path of a program.
   *
   * @param name or an absolute path
   */
  Optional<String> find(String name) {
    if (name.startsWith("/")) {
      return executable(Path.of(name));
    }
    return Arrays.stream(path.split(":", -1))
        .filter(folder -> folder.startsWith("/"))
        .flatMap(folder -> executable(Path.of(folder, name)).stream())
        .findFirst();
  }

  /** The absolute path of a program that has been checked to be there; where it usually is else. */
  String get(String name) {
    return find(name).orElse("/usr/bin/" + name);
  }

  private static Optional<String> executable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file)
        ? Optional.of(file.toString())
        : Optional.empty();
  }
}

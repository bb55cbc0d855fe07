package dev.cleat.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The control groups of servers that were killed: the next with the same data folder would take
 * them over, and of a test's there is none. As the server does, they are named after the folder.
 */
final class LeftGroups {
  private static final int DIGEST_BYTES = 8;

  private LeftGroups() {}

  /** Removes those of the server with this data folder. Nothing may run in them. */
  static void remove(Path data) throws Exception {
    Optional<Path> own = own();
    if (own.isEmpty()) {
      return;
    }
    // Where it was on a disk that is gone again, nothing was behind a link.
    Path folder = Files.isDirectory(data) ? data.toRealPath() : data.toAbsolutePath();
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(folder.toString().getBytes(StandardCharsets.UTF_8));
    Path base = own.get().resolve("cleat-" + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES));
    if (Files.isDirectory(base)) {
      Await.until("its groups are empty", () -> removed(base));
    }
  }

  /** False while a process is still about to leave one of them: it has left its folder before. */
  private static boolean removed(Path base) throws IOException {
    try (DirectoryStream<Path> groups = Files.newDirectoryStream(base, Files::isDirectory)) {
      for (Path group : groups) {
        Files.delete(group);
      }
      Files.delete(base);
      return true;
    } catch (FileSystemException busy) {
      return false;
    }
  }

  /** The folder of the group that this process is in. */
  private static Optional<Path> own() throws IOException {
    try (Stream<String> groups = Files.lines(Path.of("/proc/self/cgroup"));
        Stream<String> mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
      Optional<String> name =
          groups.filter(line -> line.startsWith("0::/")).map(line -> line.substring(4)).findFirst();
      return mounts
          .filter(line -> line.contains(" - cgroup2 "))
          .map(line -> Path.of(line.split(" ", 6)[4]))
          .findFirst()
          .flatMap(root -> name.map(root::resolve));
    }
  }
}

package dev.cleat.server.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where the server keeps what it owns. Readable for its user only: it holds what sessions printed
 * and the environment they were given.
 *
 * @param path the folder, absolute
 */
record DataFolder(Path path) {

  /** Makes the folder if it is not there. */
  static DataFolder prepare(Path path) throws IOException {
    Files.createDirectories(path);
    if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
    }
    return new DataFolder(path);
  }

  /** The journals. */
  Path journals() {
    return path.resolve("journals");
  }

  /** The database. */
  Path state() {
    return path.resolve("state.db");
  }

  /** The start-up files of shells. */
  Path shells() {
    return path.resolve("shells");
  }

  /** Images of turns that are under way. */
  Path pictures() {
    return path.resolve("pictures");
  }

  /** The key of tickets, where the operator has given none. */
  Path ticketKeys() {
    return path.resolve("ticket-keys.yaml");
  }

  /** Working directories of sessions that have none of their own. */
  Path workspaces() {
    return path.resolve("workspaces");
  }
}

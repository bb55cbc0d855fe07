package dev.cleat.server.session;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The working directory that the server makes for a session which was not given one. It goes with
 * the session.
 *
 * @param path where it is, if it is
 */
record Workspace(Path path) {

  static Workspace of(SessionSettings settings, String sessionId) {
    return new Workspace(settings.workspaceRoot().resolve(sessionId));
  }

  void create() throws IOException {
    Files.createDirectories(path);
  }

  /** Removes the directory and all in it; follows no links. */
  void remove() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

package dev.cleat.server.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.sqlite.SQLiteJDBCLoader;

/**
 * SQLite's native library, loaded once, and with nothing left behind in the temp folder: the driver
 * deletes what it has unpacked at the end of the process, and a killed one has no end.
 */
final class SqliteLibrary {
  private static final String FOLDER = "org.sqlite.tmpdir";
  private static boolean loaded;

  private SqliteLibrary() {}

  /**
   * Loads it.
   *
   * @throws IllegalStateException if it cannot be loaded
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      Path folder = Files.createTempDirectory("cleat-sqlite");
      System.setProperty(FOLDER, folder.toAbsolutePath().toString());
      try {
        initialize();
      } finally {
        System.clearProperty(FOLDER);
        delete(folder);
      }
    } catch (IOException e) {
      throw new IllegalStateException("the database's native library cannot be unpacked", e);
    }
    loaded = true;
  }

  // The driver declares nothing more precise.
  private static void initialize() {
    try {
      SQLiteJDBCLoader.initialize();
    } catch (Exception | LinkageError e) {
      throw new IllegalStateException("the database's native library cannot be loaded", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}

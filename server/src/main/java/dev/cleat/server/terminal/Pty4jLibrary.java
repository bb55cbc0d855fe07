package dev.cleat.server.terminal;

import com.pty4j.unix.PtyHelpers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** pty4j's native library, loaded once, and with nothing left behind in the temp folder. */
final class Pty4jLibrary {
  private static final String FOLDER = "pty4j.tmpdir";
  private static final String ENCODING = "jna.encoding";
  private static boolean loaded;

  private Pty4jLibrary() {}

  /**
   * Loads it.
   *
   * @throws IllegalStateException if it cannot be loaded
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    // Else arguments and variables would be encoded by the locale, of which servers often have
    // none.
    System.setProperty(ENCODING, "UTF-8");
    try {
      final Path folder = Files.createTempDirectory("cleat-pty");
      System.setProperty(FOLDER, folder.toAbsolutePath().toString());
      try {
        check();
      } finally {
        System.clearProperty(FOLDER);
        delete(folder);
      }
    } catch (IOException e) {
      throw new IllegalStateException("the terminals' native library cannot be unpacked", e);
    }
    loaded = true;
  }

  private static void check() {
    try {
      PtyHelpers.getWinSize(-1, null);
    } catch (IOException e) {
      // It has been loaded and was called: there is no such terminal.
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException("the terminals' native library cannot be loaded", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    final List<Path> deepestFirst;
    try (Stream<Path> files = Files.walk(folder)) {
      deepestFirst = files.toList().reversed();
    }
    for (final Path file : deepestFirst) {
      Files.delete(file);
    }
  }
}

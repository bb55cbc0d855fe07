package dev.cleat.server.session;

import dev.cleat.v1.Image;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of turns in files, for commands that are given their paths. Nobody else may read them,
 * and they are there for as long as their turn.
 *
 * <p>Thread-safe for different turns.
 *
 * @param root of all of them; made when it is needed
 */
record PictureFiles(Path root) {
  private static final Logger LOG = LoggerFactory.getLogger(PictureFiles.class);
  private static final FileAttribute<?> FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<?> FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /**
   * Writes a turn's images.
   *
   * @return the files, in the order of the images
   * @throws IOException if they do not fit; none is left then
   */
  List<Path> write(String turnId, List<Image> images) throws IOException {
    if (images.isEmpty()) {
      return List.of();
    }
    final List<Path> files = new ArrayList<>();
    try {
      final Path folder = Files.createDirectories(root.resolve(turnId), FOLDER);
      for (Image image : images) {
        final String type = image.getMimeType().substring(image.getMimeType().indexOf('/') + 1);
        final Path file = folder.resolve((files.size() + 1) + "." + type);
        try (OutputStream out =
            Channels.newOutputStream(
                Files.newByteChannel(
                    file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), FILE))) {
          image.getData().writeTo(out);
        }
        files.add(file);
      }
      return files;
    } catch (IOException e) {
      remove(turnId);
      throw e;
    }
  }

  /** Removes the images of a turn, if it had any. */
  void remove(String turnId) {
    delete(root.resolve(turnId));
  }

  /** Removes what a server that was killed has left. No turn is under way. */
  void clear() {
    delete(root);
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // The next start tries again.
      LOG.warn("Images in {} could not be removed", folder, e);
    }
  }
}

package dev.cleat.server.session;

import dev.cleat.server.reader.MediaType;
import dev.cleat.server.terminal.PinnedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The media files that a session may show: regular files, with the first bytes of one, whose real
 * paths lie below the session's working directory or one of the operator's roots. Thread-safe;
 * every method may wait for the file system.
 *
 * @param workdir the session's working directory
 * @param roots other folders whose files may be shown
 * @param home what "~" stands for
 * @param strict whether the working directory, which was without links, must still be: its owner
 *     may have put a link there that leads to files which only the server may read
 */
record MediaFiles(Path workdir, List<Path> roots, Path home, boolean strict) {
  /**
   * A file as it was found.
   *
   * @param path relative to the working directory where it lies below that, otherwise absolute;
   *     without links
   */
  record Found(String path, String mimeType, long size, Instant modified) {}

  /** A file that has been opened. */
  record Opened(Found found, SeekableByteChannel channel) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /**
   * The first of several readings of a path that is a media file.
   *
   * @param bases what relative paths may be relative to, beside the working directory, which comes
   *     last
   */
  Optional<Found> find(List<String> readings, List<Path> bases) {
    final Set<Path> all = new LinkedHashSet<>(bases);
    all.add(workdir);
    for (String reading : readings) {
      for (Path base : all) {
        final Optional<Opened> opened = open(reading, base);
        if (opened.isPresent()) {
          try (Opened file = opened.get()) {
            return Optional.of(file.found());
          } catch (IOException e) {
            return Optional.empty();
          }
        }
      }
    }
    return Optional.empty();
  }

  /** Opens a file by the path that it was found by. */
  Optional<Opened> open(String path) {
    return open(path, workdir);
  }

  private Optional<Opened> open(String path, Path base) {
    try {
      final Path given =
          path.startsWith("~/") ? home.resolve(path.substring(2)) : base.resolve(path);
      try (PinnedFile file = PinnedFile.at(given)) {
        final Path real = file.realPath();
        for (Path root : Stream.concat(Stream.of(workdir), roots.stream()).toList()) {
          final @Nullable Path realRoot = real(root);
          if (realRoot != null
              && (!strict || !root.equals(workdir) || realRoot.equals(root))
              && real.startsWith(realRoot)
              && !real.equals(realRoot)) {
            return open(file, shown(real));
          }
        }
      }
    } catch (IOException | InvalidPathException | SecurityException e) {
      // It is not there, or may not be read: no file that could be shown.
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static @Nullable Path real(Path root) throws IOException {
    try {
      return root.toRealPath();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private String shown(Path real) throws IOException {
    final @Nullable Path base = real(workdir);
    return (base != null && real.startsWith(base) ? base.relativize(real) : real).toString();
  }

  private static Optional<Opened> open(PinnedFile file, String shown) throws IOException {
    final BasicFileAttributes attributes = file.attributes();
    return attributes.isRegularFile() && attributes.size() > 0
        ? identified(file.open(), attributes, shown)
        : Optional.empty();
  }

  private static Optional<Opened> identified(
      SeekableByteChannel channel, BasicFileAttributes attributes, String shown)
      throws IOException {
    boolean media = false;
    try {
      final ByteBuffer head = ByteBuffer.allocate(MediaType.HEAD_BYTES);
      while (head.hasRemaining() && channel.read(head) >= 0) {
        // Until it is full, or the file at its end.
      }
      channel.position(0);
      final Optional<Opened> opened =
          MediaType.of(Arrays.copyOf(head.array(), head.position()))
              .map(type ->
                  new Opened(
                      new Found(
                          shown,
                          type,
                          attributes.size(),
                          attributes.lastModifiedTime().toInstant()),
                      channel));
      media = opened.isPresent();
      return opened;
    } finally {
      if (!media) {
        channel.close();
      }
    }
  }

  /** Whether there is no file any more at a path where one was found. */
  boolean isGone(String path) {
    try {
      return !Files.readAttributes(
              workdir.resolve(path), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isRegularFile();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return true;
    } catch (IOException e) {
      // Not to be seen now is not gone; but where a folder on the way became a file, it is.
      return String.valueOf(e.getMessage()).endsWith("Not a directory");
    }
  }
}

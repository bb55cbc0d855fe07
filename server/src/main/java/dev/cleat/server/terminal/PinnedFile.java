package dev.cleat.server.terminal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What a path led to at one moment. Whoever may change the folders can exchange the file for a link
 * or a pipe at the next, but this stays the same: what is found out about it holds for what is then
 * opened. For one thread.
 */
public final class PinnedFile implements AutoCloseable {
  /** What Linux writes behind the name of a file that has been removed. */
  private static final String REMOVED = " (deleted)";

  private final Descriptor descriptor;

  private PinnedFile(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Takes hold of what a path leads to, through links, whatever it is. Does not open it, and so
   * never waits for the other end of a pipe.
   *
   * @throws IOException if there is nothing, or no way to it
   */
  public static PinnedFile at(Path path) throws IOException {
    final int fd = Libc.open(path.toString(), Libc.O_PATH | Libc.O_CLOEXEC);
    if (fd < 0) {
      throw new IOException("there is no way to " + path + ": error " + -fd);
    }
    return new PinnedFile(new Descriptor(fd));
  }

  private Path link() {
    return Path.of("/proc/self/fd/" + descriptor.fd());
  }

  /**
   * Where it lies now: absolute, and without links.
   *
   * @throws IOException if it has been removed
   */
  public Path realPath() throws IOException {
    final Path path = Files.readSymbolicLink(link());
    if (path.toString().endsWith(REMOVED)) {
      throw new FileNotFoundException("has been removed");
    }
    return path;
  }

  /** What it is. */
  public BasicFileAttributes attributes() throws IOException {
    return Files.readAttributes(link(), BasicFileAttributes.class);
  }

  /** Opens it to be read. A pipe, which this would wait for, is to be left alone. */
  public SeekableByteChannel open() throws IOException {
    return Files.newByteChannel(link(), StandardOpenOption.READ);
  }

  @Override
  public void close() {
    descriptor.close();
  }
}

package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The files of this machine. */
final class LocalDisk implements Disk {
  @Override
  public Output create(Path file, byte[] firstBytes) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    FileOutput output =
        new FileOutput(
            draft,
            FileChannel.open(
                draft,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING));
    try {
      output.write(firstBytes, 0);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      output.file = file;
      return output;
    } catch (IOException | RuntimeException e) {
      try (output) {
        Files.deleteIfExists(draft);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  @Override
  public Output open(Path file) throws IOException {
    return new FileOutput(file, FileChannel.open(file, StandardOpenOption.WRITE));
  }

  /** Not to be ended by an interrupt, which would pass for a failed sync. */
  @Override
  public void force(Path fileOrFolder) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      boolean done = false;
      while (!done) {
        try (FileChannel channel = FileChannel.open(fileOrFolder, StandardOpenOption.READ)) {
          channel.force(false);
          done = true;
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public boolean forceFileSystem(Path folder) throws IOException {
    return FileSystemSync.sync(folder);
  }

  private static final class FileOutput implements Output {
    /** The JDK copies through a buffer of this size at most, which it keeps for each thread. */
    private static final int PIECE = 128 << 10;

    private Path file;
    private FileChannel channel;

    FileOutput(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    /**
     * An interrupt closes the channel it meets: the write is then done again, and the interrupt
     * kept for the caller.
     */
    @Override
    public void write(byte[] bytes, long position) throws IOException {
      boolean interrupted = Thread.interrupted();
      try {
        int done = 0;
        while (done < bytes.length) {
          ByteBuffer part = ByteBuffer.wrap(bytes, done, Math.min(PIECE, bytes.length - done));
          try {
            done += channel.write(part, position + done);
          } catch (ClosedByInterruptException e) {
            interrupted |= Thread.interrupted();
            channel = FileChannel.open(file, StandardOpenOption.WRITE);
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void truncate(long length) throws IOException {
      channel.truncate(length);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}

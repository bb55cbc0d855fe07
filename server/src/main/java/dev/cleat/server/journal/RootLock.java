package dev.cleat.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a second server out of a folder for as long as it is open; the system ends it with the
 * process.
 */
final class RootLock implements Closeable {
  /**
   * The folders locked by this process. Asked first: merely opening and closing a lock file again
   * gives up the lock that this process has on it.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private RootLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  static RootLock acquire(Path folder) throws IOException {
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      throw new JournalRootInUseException(folder);
    }
    try {
      FileChannel channel =
          FileChannel.open(
              real.resolve("lock"), StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      if (channel.tryLock() == null) {
        channel.close();
        throw new JournalRootInUseException(folder);
      }
      return new RootLock(real, channel);
    } catch (IOException | RuntimeException e) {
      HELD.remove(real);
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(folder);
    }
  }
}

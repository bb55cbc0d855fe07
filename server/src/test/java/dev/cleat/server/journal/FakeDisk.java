package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The real disk, with a limit on its room, syncs that are only noted and wait to be let through,
 * and failures on demand.
 */
public final class FakeDisk implements Disk {
  final AtomicLong room = new AtomicLong(Long.MAX_VALUE);
  final List<Path> forced = new CopyOnWriteArrayList<>();
  final AtomicLong fileSystemSyncs = new AtomicLong();
  volatile boolean fileSystemSync = true;
  volatile boolean failForce;
  volatile Semaphore forcePermits = new Semaphore(1_000_000);
  private final Disk real = new LocalDisk();

  /** Opens a root that does not take the time to sync. */
  static JournalRoot root(Path folder) throws IOException {
    final JournalRootOptions usual = JournalRootOptions.defaults();
    return JournalRoot.open(
        folder,
        // Maintained by the tests alone, which count what one time does.
        new JournalRootOptions(usual.syncInterval(), Duration.ofDays(1), usual.recentBytes()),
        new Machine(new FakeDisk(), InstantSource.system(), "boot"));
  }

  /** Opens a root on this disk. */
  public JournalRoot rootOn(Path folder) throws IOException {
    return JournalRoot.open(
        folder, JournalRootOptions.defaults(), new Machine(this, InstantSource.system(), "boot"));
  }

  /** Takes all the room there is, until {@link #free}. */
  public void fill() {
    room.set(0);
  }

  /** There is room again. */
  public void free() {
    room.set(Long.MAX_VALUE);
  }

  /** No sync comes to its end, until {@link #letSyncs}. */
  public void holdSyncs() {
    forcePermits = new Semaphore(0);
  }

  /** Those that were held end, and all later ones. */
  public void letSyncs() {
    forcePermits.release(1_000_000);
  }

  /** All syncs fail from now on. */
  public void failSyncs() {
    failForce = true;
  }

  /** Changes a file's bytes in place: replacing them by truncation makes some file systems sync. */
  static void overwrite(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), 0);
      channel.truncate(bytes.length);
    }
  }

  @Override
  public Output create(Path file, byte[] firstBytes) throws IOException {
    final long left = room.addAndGet(-firstBytes.length);
    if (left < 0) {
      nothingIsLeft(left);
      throw new IOException("No space left on device");
    }
    return new Limited(real.create(file, firstBytes));
  }

  /** Unless somebody has made room meanwhile. */
  private void nothingIsLeft(long debt) {
    room.compareAndSet(debt, 0);
  }

  @Override
  public Output open(Path file) throws IOException {
    return new Limited(real.open(file));
  }

  @Override
  public void force(Path fileOrFolder) throws IOException {
    forcePermits.acquireUninterruptibly();
    if (failForce) {
      throw new IOException("Input/output error");
    }
    if (!Files.exists(fileOrFolder)) {
      throw new NoSuchFileException(fileOrFolder.toString());
    }
    forced.add(fileOrFolder);
  }

  @Override
  public boolean forceFileSystem(Path folder) {
    if (fileSystemSync) {
      fileSystemSyncs.incrementAndGet();
    }
    return fileSystemSync;
  }

  private final class Limited implements Output {
    private final Output output;

    Limited(Output output) {
      this.output = output;
    }

    @Override
    public void write(byte[] bytes, long position) throws IOException {
      long left = room.addAndGet(-bytes.length);
      if (left < 0) {
        int fits = (int) Math.max(0, left + bytes.length);
        nothingIsLeft(left);
        output.write(Arrays.copyOf(bytes, fits), position);
        throw new IOException("No space left on device");
      }
      output.write(bytes, position);
    }

    @Override
    public void truncate(long length) throws IOException {
      output.truncate(length);
    }

    @Override
    public void close() throws IOException {
      output.close();
    }
  }
}

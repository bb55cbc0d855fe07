package dev.cleat.server.telemetry;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A file that lines are appended to, made anew when it has been moved away or removed, as programs
 * do that rotate logs. Only its owner can read it. Thread-safe: lines come one after the other.
 */
final class AuditFile implements AutoCloseable {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** How often in a row it may be moved away while it is opened. */
  private static final int ATTEMPTS = 10;

  private final Path path;
  private final ReentrantLock lock = new ReentrantLock();
  // Guarded by lock.
  private @Nullable OutputStream output;
  private @Nullable Object key;
  private boolean torn;

  private AuditFile(Path path) {
    this.path = path;
  }

  static AuditFile open(Path path) throws IOException {
    final AuditFile file = new AuditFile(path);
    file.lock.lock();
    try {
      final OutputStream _ = file.current();
      return file;
    } finally {
      file.lock.unlock();
    }
  }

  /** Appends a line, which ends with its newline. */
  void append(byte[] line) throws IOException {
    lock.lock();
    try {
      final OutputStream target = current();
      if (torn) {
        // What could not be written to its end must not spoil this one.
        target.write('\n');
      }
      torn = true;
      target.write(line);
      torn = false;
    } finally {
      lock.unlock();
    }
  }

  /** The file that the path names now. Not a channel, which an interrupted thread would close. */
  private OutputStream current() throws IOException {
    final OutputStream open = output;
    if (open != null && isStillThere()) {
      return open;
    }
    if (open != null) {
      open.close();
    }
    output = null;
    NoSuchFileException moved = new NoSuchFileException(path.toString());
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      final OutputStream opened = opened();
      try {
        key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        output = opened;
        torn = false;
        return opened;
      } catch (NoSuchFileException e) {
        // Moved away just now.
        opened.close();
        moved = e;
      } catch (IOException e) {
        opened.close();
        throw e;
      }
    }
    throw moved;
  }

  private OutputStream opened() throws IOException {
    boolean made = true;
    try {
      Files.createFile(path, OWNER_ONLY);
    } catch (FileAlreadyExistsException e) {
      // Gone on with, with the permissions that it has.
      made = false;
    }
    final OutputStream opened = new FileOutputStream(path.toFile(), true);
    if (made) {
      ownerOnly();
    }
    return opened;
  }

  /** Again: had it been moved away in between, it would have been made without them. */
  private void ownerOnly() throws IOException {
    try {
      Files.setPosixFilePermissions(path, OWNER_ONLY.value());
    } catch (NoSuchFileException e) {
      // Moved away just now; it is opened anew.
    }
  }

  private boolean isStillThere() throws IOException {
    try {
      final Object now = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return now != null && now.equals(key);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (output != null) {
        output.close();
      }
    } finally {
      lock.unlock();
    }
  }
}

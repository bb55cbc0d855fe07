package dev.cleat.server.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writing and syncing: what can fail or take long, so that tests can make it do so. Thread-safe.
 */
interface Disk {
  /**
   * Begins a file that is not there yet. It appears with its first bytes or not at all, also when
   * the process is killed meanwhile.
   */
  Output create(Path file, byte[] firstBytes) throws IOException;

  /** Opens a file to be written on. */
  Output open(Path file) throws IOException;

  /** Returns when everything written to this file or folder, by anyone, is on the disk. */
  void force(Path fileOrFolder) throws IOException;

  /**
   * Returns when everything written to the file system of this folder is on the disk.
   *
   * @return false if that cannot be asked for here
   */
  boolean forceFileSystem(Path folder) throws IOException;

  /** A file being written. For one thread at a time. */
  interface Output extends Closeable {
    /** Writes all the bytes at a position, or throws having written any part of them. */
    void write(byte[] bytes, long position) throws IOException;

    /** Cuts the file to a length. */
    void truncate(long length) throws IOException;
  }
}

package dev.cleat.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;

/**
 * The database's file: made whole or not at all, and looked at before it is used.
 *
 * @param path the file
 */
record DatabaseFile(Path path) {
  /** Up to this size every page is looked at when the file is opened; that takes milliseconds. */
  private static final long CHECKED_BYTES = 32L << 20;

  /**
   * Makes the database if there is none yet; otherwise checks that it is whole, as far as that is
   * cheap, and brings its schema up to date.
   *
   * @throws IOException if it cannot be made
   * @throws StoreUnreadableException if something is there that is no database, or is damaged, not
   *     ours or too new
   */
  void prepare() throws IOException, SQLException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      checkHeader();
      try (SqlConnection connection = Sqlite.openForUpgrade(path)) {
        connection.inTransaction(this::checkAndUpgrade);
      }
    } else {
      checkNothingLeft();
      create();
    }
  }

  private void checkHeader() throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new StoreUnreadableException("%s is not a file".formatted(path));
    }
    byte[] head;
    try (InputStream in = Files.newInputStream(path)) {
      head = in.readNBytes(Sqlite.MAGIC.length());
    } catch (IOException e) {
      throw new StoreUnreadableException("%s cannot be read: %s".formatted(path, e), e);
    }
    if (head.length == 0) {
      throw new StoreUnreadableException("%s is empty: it was cut off".formatted(path));
    }
    if (!new String(head, StandardCharsets.ISO_8859_1).equals(Sqlite.MAGIC)) {
      throw new StoreUnreadableException("%s is not an SQLite database".formatted(path));
    }
  }

  /** A log without its database is what remains of one; a new database would destroy it. */
  private void checkNothingLeft() {
    for (String companion : Sqlite.COMPANIONS) {
      Path left = sibling(companion);
      if (Files.exists(left, LinkOption.NOFOLLOW_LINKS)) {
        throw new StoreUnreadableException(
            "%s is missing, and %s is still there: the database was removed or moved"
                .formatted(path, left.getFileName()));
      }
    }
  }

  /** Under another name first: a file under the right name is never half a database. */
  private void create() throws IOException, SQLException {
    Path half = sibling(".new");
    Files.deleteIfExists(half);
    for (String companion : Sqlite.COMPANIONS) {
      Files.deleteIfExists(sibling(".new" + companion));
    }
    Files.createFile(half, ownerOnly());
    try (SqlConnection connection = Sqlite.openForUpgrade(half)) {
      connection.inTransaction(sql -> {
        Schema.create(sql);
        return true;
      });
    }
    force(half);
    Files.move(half, path, StandardCopyOption.ATOMIC_MOVE);
    force(path.toAbsolutePath().resolveSibling(""));
  }

  /** The environment of sessions is in it. */
  private static FileAttribute<?>[] ownerOnly() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private Path sibling(String suffix) {
    return path.resolveSibling(path.getFileName() + suffix);
  }

  private boolean checkAndUpgrade(SqlConnection sql) throws SQLException {
    if (path.toFile().length() <= CHECKED_BYTES) {
      String found = Sqlite.check(sql);
      if (!found.equals("ok")) {
        throw new StoreUnreadableException("%s is damaged: %s".formatted(path, found));
      }
    }
    Schema.upgrade(sql, path);
    return true;
  }
}

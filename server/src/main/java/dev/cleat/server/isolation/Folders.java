package dev.cleat.server.isolation;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalInt;

/** Makes folders that belong to a tenant's user. */
final class Folders {
  private Folders() {}

  /**
   * Makes a folder for a user alone, if there is none. One that is there stays as it is.
   *
   * @param user empty: the server's
   * @throws IOException also if there is something else, such as a link, which a tenant may have
   *     put there to have it given to him
   */
  static void make(Path folder, OptionalInt user) throws IOException {
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
      throw e;
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(folder.toString(), null, "the folder above it does not exist");
    }
    if (user.isPresent()) {
      // Of a link that has come here meanwhile, they change the link.
      Files.setAttribute(folder, "unix:gid", user.getAsInt(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(folder, "unix:uid", user.getAsInt(), LinkOption.NOFOLLOW_LINKS);
    }
  }
}

package dev.cleat.server.session;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The working directory that the server makes for a session which was not given one. It goes with
 * the session.
 *
 * @param path where it is, if it is
 */
record Workspace(Path path) {
  private static final Logger LOG = LoggerFactory.getLogger(Workspace.class);

  static Workspace of(Placement placement) {
    return new Workspace(placement.ownWorkdir());
  }

  void create() throws IOException {
    Files.createDirectories(path);
  }

  /**
   * Removes the directory and all in it. Follows no links, also where a directory is exchanged for
   * one at this moment: what is in it may be another user's, and the server root.
   */
  void remove() throws IOException {
    try (DirectoryStream<Path> above = Files.newDirectoryStream(path.resolveSibling("."))) {
      if (above instanceof SecureDirectoryStream<Path> secure) {
        remove(secure, path.getFileName());
      } else {
        throw new IOException("this system cannot remove files without following links");
      }
    } catch (NoSuchFileException e) {
      // It had none.
      return;
    }
  }

  /** Removes a session's, or says in the log why it stays. */
  static void removeOf(Shared shared, SessionKey key, String workspace) {
    try {
      of(Placement.of(shared, key, workspace)).remove();
    } catch (Refusal e) {
      LOG.warn("Session {} is in a workspace of no more; its directory stays, if it had one", key);
    } catch (IOException e) {
      LOG.warn("The working directory of session {} could not be removed", key, e);
    }
  }

  private static void remove(SecureDirectoryStream<Path> above, Path name) throws IOException {
    if (!above
        .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes()
        .isDirectory()) {
      above.deleteFile(name);
      return;
    }
    try (SecureDirectoryStream<Path> folder =
        above.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      for (Path child : folder) {
        remove(folder, child.getFileName());
      }
    }
    above.deleteDirectory(name);
  }
}

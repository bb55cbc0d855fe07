package dev.cleat.server.session;

import dev.cleat.server.reader.GitReader;
import dev.cleat.v1.GitState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what a session says of its git repository up to date. Looks where the shell is if that is
 * below the working directory, and in the working directory otherwise: where a shell goes
 * elsewhere, or says so, nothing is read.
 *
 * <p>Thread-safe; one look waits for another. The file system is never waited for with the
 * session's lock held.
 */
final class GitWatch {
  private static final Logger LOG = LoggerFactory.getLogger(GitWatch.class);

  private final String sessionId;
  private final SessionLock lock;
  private final SessionLog log;
  private final GitReader reader = new GitReader();
  private final boolean ownUser;
  private String trouble = "";

  /**
   * Has not looked yet.
   *
   * @param ownUser whether what there is was written by the server's own user: what another one
   *     wrote could lead to repositories that are not his
   */
  GitWatch(String sessionId, SessionLock lock, SessionLog log, boolean ownUser) {
    this.ownUser = ownUser;
    this.sessionId = sessionId;
    this.lock = lock;
    this.log = log;
  }

  /**
   * Looks, and writes down what has changed.
   *
   * @param directory where the shell is
   * @return false if that could not be written down for want of disk, or while a start of the
   *     session takes longer than it should
   */
  synchronized boolean look(Path directory, Path workdir) {
    if (!ownUser) {
      return true;
    }
    final Optional<GitState> now = read(below(directory, workdir));
    try {
      return lock.unlessSlow(
              () -> {
                final var session = log.fold().session();
                final @Nullable GitState before = session.hasGit() ? session.getGit() : null;
                if (!now.equals(Optional.ofNullable(before))) {
                  log.append(List.of(Events.git(now)));
                }
                return true;
              })
          .isPresent();
    } catch (Refusal e) {
      LOG.debug("Session {}: {}", sessionId, e.getMessage());
      return false;
    }
  }

  private static Path below(Path directory, Path workdir) {
    try {
      return directory.toRealPath().startsWith(workdir.toRealPath()) ? directory : workdir;
    } catch (IOException e) {
      return workdir;
    }
  }

  private Optional<GitState> read(Path directory) {
    try {
      final Optional<GitState> state = reader.read(directory);
      trouble = "";
      return state;
    } catch (IOException e) {
      final String why = String.valueOf(e.getMessage());
      if (!why.equals(trouble)) {
        LOG.warn("Session {}: its git repository cannot be read: {}", sessionId, why);
        trouble = why;
      }
      return Optional.empty();
    }
  }
}

package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.tool.SessionFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for what a tool on a terminal calls its own session, in the files that it keeps: from its
 * first prompt on, at the end of each turn, and in a long one now and then. Files are looked at on
 * another thread.
 *
 * <p>Confined to the session's lock.
 */
final class SessionIdSearch {
  private static final Logger LOG = LoggerFactory.getLogger(SessionIdSearch.class);

  /** The tool has made its file by then. */
  private static final Duration PACE = Duration.ofSeconds(20);

  private final Optional<SessionFiles> files;
  private final Executor lookers;
  private final Consumer<String> found;
  private @Nullable Instant since;
  private @Nullable Instant due;
  private boolean given;
  private volatile boolean known;

  /**
   * A search that has not begun.
   *
   * @param files empty where there is nothing to be looked for
   * @param found told on a thread of {@code lookers}, without the lock; perhaps several times
   */
  SessionIdSearch(Optional<SessionFiles> files, Executor lookers, Consumer<String> found) {
    this.files = files;
    this.lookers = lookers;
    this.found = found;
  }

  /**
   * A prompt is being typed.
   *
   * @param earliest the tool's session has not begun before
   */
  void prompting(Instant earliest) {
    if (since == null) {
      since = earliest;
    }
  }

  /** The tool has the prompt. */
  void submitted(Instant now) {
    given = true;
    due = now.plus(PACE);
  }

  /** The turn has ended. Without a prompt that the tool had, what has begun is another's. */
  void ended() {
    if (given) {
      look();
    } else {
      since = null;
    }
    due = null;
  }

  /**
   * Looks if it is time to.
   *
   * @return when to come again; null when nothing waits for time to pass
   */
  @Nullable Instant tick(Instant now) {
    if (files.isEmpty() || known) {
      due = null;
    } else if (due != null && !now.isBefore(due)) {
      look();
      due = now.plus(PACE);
    }
    return due;
  }

  private void look() {
    final Instant from = since;
    if (from == null || files.isEmpty() || known) {
      return;
    }
    final SessionFiles where = files.get();
    try {
      lookers.execute(LogFields.carried(() -> look(where, from)));
    } catch (RejectedExecutionException e) {
      LOG.debug("The server is closing; a tool's own session is not looked for", e);
    }
  }

  private void look(SessionFiles where, Instant from) {
    try {
      where
          .find(from)
          .ifPresent(id -> {
            known = true;
            found.accept(id);
          });
    } catch (IOException e) {
      LOG.warn("A tool's own session cannot be looked for in its files", e);
    }
  }
}

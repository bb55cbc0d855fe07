package dev.cleat.server.session;

import dev.cleat.server.journal.Journal;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who reads a session's output: the followers of each run of its process, and those who go through
 * what a server that went down may not have looked at.
 *
 * <p>Confined to the session's lock, but for {@link #lookBack}.
 */
final class OutputReaders {
  private static final Logger LOG = LoggerFactory.getLogger(OutputReaders.class);

  private final Shared shared;
  private final SessionKey key;
  private final String id;
  private final Journal journal;
  private final SessionLock lock;
  private final SessionLog log;
  private final Artifacts artifacts;

  /** Who follows one run. */
  record Following(Tracker tracker, Noticer noticer) {}

  OutputReaders(
      Shared shared,
      SessionKey key,
      Journal journal,
      SessionLock lock,
      SessionLog log,
      Artifacts artifacts) {
    this.shared = shared;
    this.key = key;
    this.id = key.text();
    this.journal = journal;
    this.lock = lock;
    this.log = log;
    this.artifacts = artifacts;
  }

  /**
   * The followers of a run that begins now. They have not started.
   *
   * @param turns what it does with prompts
   * @param queries what its terminal is asked; null where nobody waits for answers
   */
  Following follow(Starter.Started started, Turns turns, @Nullable TerminalQueries queries) {
    final Placement placement = started.placement();
    final Noticer noticer = noticer(started.workdir(), log.head(), placement.isOwnUser());
    // What a process elsewhere names are no files of this machine.
    final Tracker tracker =
        new Tracker(
            key,
            journal,
            log.head() + 1,
            started.aid(),
            lock,
            sink(turns),
            placement.isHere() ? noticer : Tracker.Onlooker.NOBODY,
            queries);
    noticer.follows(tracker);
    artifacts.noticedBy(noticer);
    return new Following(tracker, noticer);
  }

  private Noticer noticer(Path workdir, long afterSeq, boolean ownUser) {
    return new Noticer(
        id, artifacts, new GitWatch(id, lock, log, ownUser), workdir, shared.lookers(), afterSeq);
  }

  private Tracker.Sink sink(Turns turns) {
    return switch (turns) {
      case TypedTurns typed -> new TrackerSink(log, typed, shared.clock());
      case AgentTurns agent -> new AgentSink(log, agent, shared.clock());
    };
  }

  /**
   * Looks for the files that were named in the last moments of a server that went down. Waits for
   * the file system for a moment, so without the session's lock; nobody else has the session yet.
   *
   * @param noticedSeq the files that events up to this one name had been looked at
   */
  void lookBack(long noticedSeq) {
    final SessionOrBuilder session = log.fold().session();
    final long from = Math.max(noticedSeq + 1, journal.oldest());
    final Optional<Placement> placement = placement(session);
    if (session.getWorkdir().isEmpty() || from > journal.head() || placement.isEmpty()) {
      return;
    }
    final Noticer noticer =
        noticer(Path.of(session.getWorkdir()), from - 1, placement.get().isOwnUser());
    noticer.begin(session.getCurrentDirectory(), turnAt(from));
    try {
      new Tracker(key, journal, from, Optional.empty(), lock, Tracker.Sink.NOBODY, noticer, null)
          .replay();
      noticer.lookBack();
    } catch (IOException e) {
      LOG.warn("Session {}: its last output cannot be looked at", id, e);
    }
  }

  /** Where it would run now; empty where its files are not of this machine. */
  private Optional<Placement> placement(SessionOrBuilder session) {
    try {
      return Optional.of(Placement.of(shared, key, session.getWorkspace()))
          .filter(Placement::isHere);
    } catch (Refusal e) {
      // The policy has been changed since.
      return Optional.empty();
    }
  }

  private String turnAt(long seq) {
    return log.fold().openTurns().stream()
        .filter(turn -> turn.getFirstSeq() > 0 && turn.getFirstSeq() <= seq)
        .map(Turn::getId)
        .findFirst()
        .orElse("");
  }

  /**
   * The end of a turn may be in the journal without having been looked at before the server went
   * down.
   *
   * @param aid what the marks of the shell carried
   */
  void replayOpenTurn(Turns turns, String aid) {
    for (Turn open : log.fold().openTurns()) {
      if (open.getFirstSeq() > 0 && open.getFirstSeq() <= journal.head() && !aid.isEmpty()) {
        final long from = Math.max(open.getFirstSeq(), journal.oldest());
        try {
          new Tracker(
                  key,
                  journal,
                  from,
                  Optional.of(aid),
                  lock,
                  sink(turns),
                  Tracker.Onlooker.NOBODY,
                  null)
              .replay();
        } catch (IOException e) {
          try (LogFields.Scope _ =
              LogFields.about(key.tenant(), key.id(), open.getId(), shared.metrics().tracing())) {
            LOG.warn("Session {}: the output of turn {} cannot be read", id, open.getId(), e);
          }
        }
        return;
      }
    }
  }
}

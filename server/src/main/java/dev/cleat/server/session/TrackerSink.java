package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * What a session makes of what its tracker finds: marks move its turns, the rest becomes events.
 */
final class TrackerSink implements Tracker.Sink {
  private final Lock lock;
  private final SessionLog log;
  private final TypedTurns turns;
  private final InstantSource clock;

  /**
   * A sink.
   *
   * @param lock the session's
   */
  TrackerSink(Lock lock, SessionLog log, TypedTurns turns, InstantSource clock) {
    this.lock = lock;
    this.log = log;
    this.turns = turns;
    this.clock = clock;
  }

  @Override
  public void printed(byte[] bytes, int from, int count, Evidence first) {
    turns.printed(bytes, from, count, first);
  }

  @Override
  public void mark(Mark mark, Evidence before, Evidence behind) {
    switch (mark) {
      case Mark.Shell shell -> shell(shell, before, behind);
      case Mark.Directory directory -> {
        if (!directory.path().equals(log.fold().session().getCurrentDirectory())) {
          log.append(List.of(Events.directory(directory.path())));
        }
      }
      case Mark.Title title -> {
        if (!title.text().equals(log.fold().session().getTitle())) {
          log.append(List.of(Events.title(title.text())));
        }
      }
      case Mark.Notification notification ->
          log.append(List.of(Events.notified(notification.text())));
    }
  }

  private void shell(Mark.Shell mark, Evidence before, Evidence behind) {
    switch (mark.kind()) {
      case PROMPT_START -> turns.promptBegun();
      case PROMPT_END ->
          turns.promptShown(new Evidence(mark.end(), before.seq(), before.time()), mark.serial());
      case CONTINUATION -> turns.continuationShown();
      case COMMAND_START -> turns.commandStarted(behind);
      case COMMAND_END -> turns.commandEnded(mark.exitCode().orElse(0), before);
    }
  }

  @Override
  public @Nullable Instant tick() {
    return turns.tick();
  }

  @Override
  public boolean isAwaited() {
    lock.lock();
    try {
      return !turns.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void locked(Runnable step) {
    lock.lock();
    try {
      step.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Instant now() {
    return clock.instant();
  }
}

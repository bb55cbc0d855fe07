package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * What an agent's session makes of its tracker: a sense of time. What the agent does it says by
 * itself, and what its process prints beside that means nothing.
 */
final class AgentSink implements Tracker.Sink {
  private final Lock lock;
  private final AgentTurns turns;
  private final InstantSource clock;

  /**
   * A sink.
   *
   * @param lock the session's
   */
  AgentSink(Lock lock, AgentTurns turns, InstantSource clock) {
    this.lock = lock;
    this.turns = turns;
    this.clock = clock;
  }

  @Override
  public void printed(byte[] bytes, int from, int count, Evidence first) {}

  @Override
  public void mark(Mark mark, Evidence end, Evidence start) {}

  @Override
  public @Nullable Instant tick() {
    return turns.tick();
  }

  @Override
  public boolean isAwaited() {
    return false;
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

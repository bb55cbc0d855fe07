package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * What an agent's session makes of its tracker: a sense of time, and on a terminal what any program
 * may say of itself. What the agent does it says by itself, or its screen shows it.
 */
final class AgentSink implements Tracker.Sink {
  private final AgentTurns turns;
  private final MarkNotes notes;
  private final InstantSource clock;

  AgentSink(SessionLog log, AgentTurns turns, InstantSource clock) {
    this.turns = turns;
    this.notes = new MarkNotes(log, turns::titleAtRest);
    this.clock = clock;
  }

  @Override
  public void printed(byte[] bytes, int from, int count, Evidence first) {}

  @Override
  public void mark(Mark mark, Evidence end, Evidence start) {
    if (turns.isOnTerminal()) {
      notes.note(mark);
    }
  }

  @Override
  public @Nullable Instant tick() {
    return turns.tick();
  }

  @Override
  public boolean isAwaited() {
    return false;
  }

  @Override
  public Instant now() {
    return clock.instant();
  }
}

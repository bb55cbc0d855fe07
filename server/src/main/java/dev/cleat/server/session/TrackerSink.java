package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a session makes of what its tracker finds: marks move its turns, the rest becomes events.
 */
final class TrackerSink implements Tracker.Sink {
  private final MarkNotes notes;
  private final TypedTurns turns;
  private final InstantSource clock;

  TrackerSink(SessionLog log, TypedTurns turns, InstantSource clock) {
    this.notes = new MarkNotes(log, UnaryOperator.identity());
    this.turns = turns;
    this.clock = clock;
  }

  @Override
  public void printed(byte[] bytes, int from, int count, Evidence first) {
    turns.printed(bytes, from, count, first);
  }

  @Override
  public void mark(Mark mark, Evidence before, Evidence behind) {
    if (mark instanceof Mark.Shell shell) {
      shell(shell, before, behind);
    } else {
      notes.note(mark);
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
    return !turns.isEmpty();
  }

  @Override
  public Instant now() {
    return clock.instant();
  }
}

package dev.cleat.client;

import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows a turn from its prompt to its end and passes on what it prints, as it prints it. Confined
 * to one thread.
 */
final class TurnFollower {
  private final Session session;
  private final RunningTurn turn;
  private final long deadline;
  private Position base;

  /**
   * For a turn whose output comes after a place.
   *
   * @param waitNanos how long to follow it
   */
  TurnFollower(Session session, RunningTurn turn, Position base, long waitNanos) {
    this.session = session;
    this.turn = turn;
    this.base = base;
    this.deadline = System.nanoTime() + Math.min(waitNanos, Long.MAX_VALUE / 2);
  }

  /** Returns when the turn has ended, or the session, or the time is up. */
  void follow(Consumer<byte[]> output) {
    dev.cleat.v1.@Nullable Turn running = awaitStart();
    boolean over = running != null && Turn.of(running).ended();
    if (running != null
        && !(over && running.getOutputEndOffset() <= running.getOutputStartOffset())) {
      passOn(new TurnSlice(running.getOutputStartOffset(), output));
    }
  }

  /** Moves the base to the last event before the turn could print. */
  private dev.cleat.v1.@Nullable Turn awaitStart() {
    AttachOptions options =
        AttachOptions.after(base)
            .readOnly()
            .followRestarts()
            .kinds(List.of(EventKind.EVENT_KIND_TURN_CHANGED));
    try (EventStream events = session.events(options)) {
      for (Delivery next = take(events); next != null; next = take(events)) {
        // Whether it has begun, or ended, may be among what is missing.
        dev.cleat.v1.@Nullable Turn now =
            next instanceof Delivery.Missing ? turn.refresh().raw() : ours(next);
        if (now == null) {
          continue;
        }
        if (now.getState().compareTo(TurnState.TURN_STATE_RUNNING) >= 0) {
          return now;
        }
        base = next.position();
      }
      return null;
    }
  }

  private void passOn(TurnSlice slice) {
    AttachOptions options =
        AttachOptions.after(base)
            .readOnly()
            .followRestarts()
            .kinds(
                List.of(
                    EventKind.EVENT_KIND_OUTPUT,
                    EventKind.EVENT_KIND_TURN_CHANGED,
                    EventKind.EVENT_KIND_COMMAND_STARTED));
    try (EventStream events = session.events(options)) {
      for (Delivery next = take(events); next != null; next = take(events)) {
        if (next instanceof Delivery.Missing missing) {
          Optional<Turn> ended = turn.endedBefore(missing.position());
          if (ended.isPresent()) {
            slice.end(ended.get().raw().getOutputEndOffset());
            return;
          }
        }
        if (!(next instanceof Delivery.Happened happened)) {
          continue;
        }
        Event event = happened.event();
        dev.cleat.v1.@Nullable Turn now = ours(next);
        if (event.hasOutput()) {
          slice.output(event.getOutput().getOffset(), event.getOutput().getData());
        } else if (event.hasCommandStarted()
            && event.getCommandStarted().getTurnId().equals(turn.id())) {
          slice.goOn(event.getCommandStarted().getOffset());
        } else if (now != null && Turn.of(now).ended()) {
          slice.end(now.getOutputEndOffset());
          return;
        }
      }
    }
  }

  private @Nullable Delivery take(EventStream events) {
    return events.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))).orElse(null);
  }

  private dev.cleat.v1.@Nullable Turn ours(Delivery delivery) {
    if (delivery instanceof Delivery.Happened happened
        && happened.event().hasTurnChanged()
        && happened.event().getTurnChanged().getTurn().getId().equals(turn.id())) {
      return happened.event().getTurnChanged().getTurn();
    }
    return null;
  }
}

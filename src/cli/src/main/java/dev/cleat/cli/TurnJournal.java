package dev.cleat.cli;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.AttachOptions.Encoding;
import dev.cleat.client.CleatException;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.v1.Event;
import dev.cleat.v1.TurnState;
import org.jspecify.annotations.Nullable;

/**
 * Prints the events of a turn, one object a line: those that name it, and from when it was handed
 * to the tool until it ended also those that name no turn, such as output. For one thread.
 */
final class TurnJournal {
  private static final long NEVER = Long.MAX_VALUE;

  private final Streams streams;
  private final RunningTurn running;
  private final String turnId;

  /** The event from which on those that name no turn are the turn's, too. */
  private long handedOverSeq = NEVER;

  TurnJournal(Streams streams, RunningTurn running) {
    this.streams = streams;
    this.running = running;
    this.turnId = running.id();
  }

  /** Returns the turn when it has ended. */
  static Turn print(Streams streams, Session session, RunningTurn running, boolean plain) {
    AttachOptions options =
        AttachOptions.after(running.before())
            .readOnly()
            .followRestarts()
            .encoding(plain ? Encoding.PLAIN : Encoding.TEXT);
    TurnJournal journal = new TurnJournal(streams, running);
    try (EventStream events = session.events(options)) {
      Delivery next = events.next();
      while (next != null && !journal.ends(next)) {
        next = events.next();
      }
    }
    return running.refresh();
  }

  /** Prints what is to be printed of it; true at the end of the turn. */
  private boolean ends(Delivery delivery) {
    if (delivery instanceof Delivery.Missing missing) {
      streams.note(Notices.gap(missing.gap()));
      if (running.endedBefore(missing.position()).isPresent()) {
        return true;
      }
      lookUp();
      return false;
    }
    if (!(delivery instanceof Delivery.Happened happened)) {
      return false;
    }
    Event event = happened.event();
    String named = turnOf(event);
    TurnState state = event.getTurnChanged().getTurn().getState();
    boolean ours = turnId.equals(named);
    if (ours && event.hasTurnChanged()) {
      handedOverSeq =
          state.compareTo(TurnState.TURN_STATE_SUBMITTED) >= 0
              ? Math.min(handedOverSeq, event.getSeq())
              : NEVER;
    }
    if (ours || (named == null && event.getSeq() >= handedOverSeq)) {
      streams.line(Json.of(event));
    }
    return ours && state.compareTo(TurnState.TURN_STATE_SUCCEEDED) >= 0;
  }

  /** What said that the turn was handed over, or waits again, may be missing. */
  private void lookUp() {
    try {
      dev.cleat.v1.Turn now = running.refresh().raw();
      if (now.getState().compareTo(TurnState.TURN_STATE_SUBMITTED) < 0) {
        handedOverSeq = NEVER; // it waits, perhaps again
      } else if (now.getFirstSeq() > 0) {
        handedOverSeq = Math.min(handedOverSeq, now.getFirstSeq());
      }
    } catch (CleatException e) {
      if (!e.reason().equals("SESSION_NOT_FOUND")) { // which the stream of events tells
        throw e;
      }
    }
  }

  /** The turn that it names; null for none. */
  private static @Nullable String turnOf(Event event) {
    String turn =
        switch (event.getKindCase()) {
          case TURN_CHANGED -> event.getTurnChanged().getTurn().getId();
          case COMMAND_STARTED -> event.getCommandStarted().getTurnId();
          case COMMAND_ENDED -> event.getCommandEnded().getTurnId();
          case AGENT_TEXT -> event.getAgentText().getTurnId();
          case AGENT_THOUGHT -> event.getAgentThought().getTurnId();
          case TOOL_CALL -> event.getToolCall().getTurnId();
          case TOOL_RESULT -> event.getToolResult().getTurnId();
          case USAGE_REPORTED -> event.getUsageReported().getTurnId();
          case AGENT_ERROR -> event.getAgentError().getTurnId();
          case AGENT_MESSAGE -> event.getAgentMessage().getTurnId();
          case APPROVAL_REQUESTED -> event.getApprovalRequested().getApproval().getTurnId();
          case APPROVAL_RESOLVED -> event.getApprovalResolved().getApproval().getTurnId();
          default -> "";
        };
    return turn.isEmpty() ? null : turn;
  }
}

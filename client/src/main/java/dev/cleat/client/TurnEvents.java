package dev.cleat.client;

import dev.cleat.v1.AgentModeChanged;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.TurnState;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an agent says and does during one turn, from the turn's beginning to its end: each event
 * once and in order, over lost connections and restarts of the server. At most a few events are
 * fetched ahead of the reader.
 *
 * <p>To be read by one thread; {@link #close} is for any.
 */
public final class TurnEvents implements Iterable<TurnEvent>, AutoCloseable {
  private static final List<EventKind> KINDS =
      List.of(
          EventKind.EVENT_KIND_TURN_CHANGED,
          EventKind.EVENT_KIND_AGENT_TEXT,
          EventKind.EVENT_KIND_AGENT_THOUGHT,
          EventKind.EVENT_KIND_TOOL_CALL,
          EventKind.EVENT_KIND_TOOL_RESULT,
          EventKind.EVENT_KIND_USAGE_REPORTED,
          EventKind.EVENT_KIND_AGENT_ERROR,
          EventKind.EVENT_KIND_AGENT_MESSAGE,
          EventKind.EVENT_KIND_APPROVAL_REQUESTED,
          EventKind.EVENT_KIND_APPROVAL_RESOLVED,
          EventKind.EVENT_KIND_AGENT_MODE_CHANGED);

  private final EventStream events;
  private final RunningTurn running;
  private final String turnId;
  private dev.cleat.v1.@Nullable Turn end;
  private boolean handedOver;
  private boolean over;

  private TurnEvents(EventStream events, RunningTurn running) {
    this.events = events;
    this.running = running;
    this.turnId = running.id();
  }

  static TurnEvents open(Session session, RunningTurn running) {
    AttachOptions options =
        AttachOptions.after(running.before()).readOnly().followRestarts().kinds(KINDS);
    return new TurnEvents(session.events(options), running);
  }

  /**
   * What comes next; waits for it.
   *
   * @return null at the end: the turn ended, the session was deleted, or this was closed
   * @throws CleatException when the stream failed, or the thread is interrupted
   */
  public @Nullable TurnEvent next() {
    while (!over) {
      Delivery delivery = events.next();
      if (delivery == null) {
        over = true;
      } else if (delivery instanceof Delivery.Missing missing) {
        missed(missing.position());
        return new TurnEvent.Missing(missing.gap());
      } else if (delivery instanceof Delivery.Happened happened) {
        TurnEvent event = event(happened.event());
        if (event != null) {
          return event;
        }
      }
    }
    return null;
  }

  /** The turn as it ended; empty before, and when the session was deleted during the turn. */
  public Optional<Turn> end() {
    return Optional.ofNullable(end).map(Turn::of);
  }

  /**
   * Reads to the end; {@code hasNext} waits. For one pass: what one iterator took, another does not
   * see.
   */
  @Override
  public Iterator<TurnEvent> iterator() {
    return new Iterator<>() {
      private @Nullable TurnEvent ahead;

      @Override
      public boolean hasNext() {
        if (ahead == null) {
          ahead = TurnEvents.this.next();
        }
        return ahead != null;
      }

      @Override
      public TurnEvent next() {
        if (!hasNext() || ahead == null) {
          throw new NoSuchElementException();
        }
        TurnEvent result = ahead;
        ahead = null;
        return result;
      }
    };
  }

  /** Leaves the turn alone. */
  @Override
  public void close() {
    events.close();
  }

  /** What it is for the reader; null for the turn's own states and for what is not this turn's. */
  private @Nullable TurnEvent event(Event event) {
    if (event.hasTurnChanged()) {
      dev.cleat.v1.Turn turn = event.getTurnChanged().getTurn();
      if (turn.getId().equals(turnId)) {
        changed(turn);
      }
      return null;
    }
    boolean ours =
        event.hasAgentModeChanged()
            // Of the session, whose tool has one turn at a time.
            ? handedOver
            : turnId.equals(turnOf(event));
    return ours ? typed(event) : null;
  }

  /** What became of the turn may be among what is missing before this place. */
  private void missed(Position place) {
    Optional<Turn> end = running.endedBefore(place);
    if (end.isPresent()) {
      ended(end.get().raw());
    } else {
      handedOver = wasHandedOver();
    }
  }

  private boolean wasHandedOver() {
    try {
      dev.cleat.v1.Turn now = running.refresh().raw();
      return Turn.of(now).ended()
          ? now.hasStartTime() // else it may have been cancelled in the queue
          : now.getState().compareTo(TurnState.TURN_STATE_SUBMITTED) >= 0;
    } catch (CleatException e) {
      if (e.reason().equals("SESSION_NOT_FOUND")) {
        return handedOver; // which the reader is told
      }
      throw e;
    }
  }

  private void changed(dev.cleat.v1.Turn turn) {
    handedOver = turn.getState().compareTo(TurnState.TURN_STATE_SUBMITTED) >= 0;
    if (Turn.of(turn).ended()) {
      ended(turn);
    }
  }

  private void ended(dev.cleat.v1.Turn turn) {
    end = turn;
    over = true;
    events.close();
  }

  private static String turnOf(Event event) {
    return switch (event.getKindCase()) {
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
  }

  private static @Nullable TurnEvent typed(Event event) {
    return switch (event.getKindCase()) {
      case AGENT_TEXT -> new TurnEvent.AgentText(event.getAgentText().getText());
      case AGENT_THOUGHT -> new TurnEvent.AgentThought(event.getAgentThought().getText());
      case TOOL_CALL -> {
        dev.cleat.v1.ToolCall call = event.getToolCall();
        yield new TurnEvent.ToolCall(
            call.getCallId(),
            call.getName(),
            call.getTitle(),
            call.getInputJson(),
            List.copyOf(call.getPathsList()));
      }
      case TOOL_RESULT -> {
        dev.cleat.v1.ToolResult result = event.getToolResult();
        yield new TurnEvent.ToolResult(result.getCallId(), result.getFailed(), result.getText());
      }
      case USAGE_REPORTED ->
          // It may only say what the conversation has used in all.
          event.getUsageReported().hasUsage()
              ? new TurnEvent.UsageReported(Usage.of(event.getUsageReported().getUsage()))
              : null;
      case AGENT_ERROR -> new TurnEvent.AgentError(event.getAgentError().getMessage());
      case AGENT_MESSAGE ->
          new TurnEvent.AgentMessage(
              event.getAgentMessage().getProtocol(), event.getAgentMessage().getJson());
      case APPROVAL_REQUESTED ->
          new TurnEvent.ApprovalAsked(new Approval(event.getApprovalRequested().getApproval()));
      case APPROVAL_RESOLVED ->
          new TurnEvent.ApprovalResolved(new Approval(event.getApprovalResolved().getApproval()));
      case AGENT_MODE_CHANGED -> {
        AgentModeChanged change = event.getAgentModeChanged();
        yield new TurnEvent.AgentModeChanged(
            change.getModes().getCurrentId(), AgentMode.of(change.getModes()), change.getByAgent());
      }
      default -> null;
    };
  }
}

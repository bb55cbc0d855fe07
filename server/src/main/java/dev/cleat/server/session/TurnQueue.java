package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * The turns of a session that wait for the one before them, or for the tool to be ready.
 *
 * <p>Confined to the session's lock.
 */
final class TurnQueue {
  private final String sessionId;
  private final int limit;
  private final Ledger ledger;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>(2);

  /** A turn was found to have its place, and has not come yet. */
  private boolean placeTaken;

  /**
   * A queue with nothing in it.
   *
   * @param limit how many may wait in it
   * @param ledger how many may wait in all of the tenant's
   */
  TurnQueue(String sessionId, int limit, Ledger ledger) {
    this.sessionId = sessionId;
    this.limit = limit;
    this.ledger = ledger;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  void add(Turn turn) {
    count();
    waiting.add(turn);
  }

  /** It could not be handed over after all. */
  void addFirst(Turn turn) {
    count();
    waiting.addFirst(turn);
  }

  private void count() {
    if (!placeTaken) {
      ledger.queued();
    }
    placeTaken = false;
  }

  Turn first() {
    return waiting.getFirst();
  }

  void removeFirst() {
    waiting.removeFirst();
    ledger.unqueued(1);
  }

  void clear() {
    ledger.unqueued(waiting.size() + (placeTaken ? 1 : 0));
    placeTaken = false;
    waiting.clear();
  }

  /**
   * Refuses another turn where it may not be taken.
   *
   * @param currentId the turn that the tool has; empty when it has none
   * @param ready whether the tool would take one now
   * @throws Refusal BUSY, QUEUE_FULL, QUOTA_EXCEEDED
   */
  void check(String currentId, boolean ready, boolean refuseWhenBusy) {
    final boolean busy = !currentId.isEmpty() || !waiting.isEmpty();
    if (busy && refuseWhenBusy) {
      final String id = currentId.isEmpty() ? first().getId() : currentId;
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_BUSY,
              "turn " + id + " is under way; wait for it, cancel it, or queue behind it")
          .with("session_id", sessionId)
          .with("turn_id", id);
    }
    if (!busy && ready) {
      return;
    }
    if (waiting.size() >= limit) {
      final String what = limit + " turns wait already; wait for one to end";
      throw Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_QUEUE_FULL, what)
          .with("session_id", sessionId)
          .with("limit", limit)
          .quota("session:" + sessionId, what)
          .retryAfter(Duration.ofSeconds(1));
    }
    if (!placeTaken) {
      ledger.queue();
      placeTaken = true;
    }
  }

  Optional<Turn> find(String turnId) {
    return waiting.stream().filter(turn -> turn.getId().equals(turnId)).findFirst();
  }

  void remove(Turn turn) {
    if (waiting.remove(turn)) {
      ledger.unqueued(1);
    }
  }

  /** A turn that is taken from the queue by its caller. */
  static Turn cancelled(Turn turn, Instant now) {
    return CurrentTurn.abandoned(
            turn, TurnState.TURN_STATE_CANCELLED, TurnEndReason.TURN_END_REASON_CANCELLED, now)
        .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_CALL)
        .build();
  }

  /** The events that end all that wait, because their session has ended. */
  List<Event.Builder> endedWithSession(Instant now) {
    return abandoned(
        TurnEndReason.TURN_END_REASON_SESSION_ENDED,
        "the session ended before the prompt was handed to its tool",
        now);
  }

  /** The events that end all that wait, because their session was lost with its server. */
  List<Event.Builder> lostWithSession(Instant now) {
    return abandoned(
        TurnEndReason.TURN_END_REASON_SESSION_LOST,
        "the server went down before the prompt was handed to the tool",
        now);
  }

  /** The events that end all that wait: their tool will not get them. */
  List<Event.Builder> abandoned(TurnEndReason reason, String message, Instant now) {
    return waiting.stream()
        .map(turn ->
            Events.turn(
                CurrentTurn.abandoned(turn, TurnState.TURN_STATE_FAILED, reason, now)
                    .setStatusMessage(message)
                    .build()))
        .toList();
  }
}

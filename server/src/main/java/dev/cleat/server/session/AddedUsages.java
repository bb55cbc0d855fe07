package dev.cleat.server.session;

import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.AddedUsage;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Turn;
import dev.cleat.v1.Usage;
import java.util.Optional;

/** What callers add to what a turn has used of a model. */
final class AddedUsages {
  /** To one turn. */
  static final int LIMIT = 100;

  private AddedUsages() {}

  /**
   * The turn with what was added; empty if the same request has added it before.
   *
   * @throws Refusal TURN_NOT_ENDED, TOO_MANY_ADDITIONS, REQUEST_ID_REUSED
   */
  static Optional<Turn> add(Turn turn, AddUsageRequest request, Signature by, Timestamp now) {
    final Usage usage = request.getUsage().toBuilder().clearCounted().build();
    for (AddedUsage before : turn.getAddedUsageList()) {
      if (!request.getRequestId().isEmpty()
          && before.getRequestId().equals(request.getRequestId())) {
        if (!before.getUsage().equals(usage)
            || !before.getBy().equals(by.by())
            || !before.getOnBehalfOf().equals(by.onBehalfOf())) {
          throw Prompts.reused(request.getRequestId());
        }
        return Optional.empty();
      }
    }
    if (!Fold.ended(turn.getState())) {
      throw refusal(
          Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_TURN_NOT_ENDED,
          "the turn has not ended; wait for its end with WaitTurn",
          turn);
    }
    if (turn.getAddedUsageCount() >= LIMIT) {
      throw refusal(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_TOO_MANY_ADDITIONS,
              LIMIT + " additions were made to the turn's usage, and there may not be more",
              turn)
          .with("limit", LIMIT);
    }
    final AddedUsage added =
        AddedUsage.newBuilder()
            .setUsage(usage)
            .setBy(by.by())
            .setOnBehalfOf(by.onBehalfOf())
            .setRequestId(request.getRequestId())
            .setTime(now)
            .build();
    return Optional.of(
        turn.toBuilder().setUsage(Usages.sum(turn.getUsage(), usage)).addAddedUsage(added).build());
  }

  private static Refusal refusal(Code code, ErrorReason reason, String message, Turn turn) {
    return Refusal.of(code, reason, message)
        .with("session_id", turn.getSessionId())
        .with("turn_id", turn.getId());
  }
}

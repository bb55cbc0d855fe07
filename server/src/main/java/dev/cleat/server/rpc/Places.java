package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Resume;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Gap;
import dev.cleat.v1.GapReason;
import org.jspecify.annotations.Nullable;

/** Where a reader of a journal begins, and what it is told of what is missing. */
final class Places {
  private Places() {}

  /**
   * A beginning.
   *
   * @param firstSeq the first number to deliver
   * @param gap what the reader must be told before, or null
   */
  record Beginning(long firstSeq, @Nullable Gap gap) {}

  /**
   * Behind the last number that a reader has seen.
   *
   * @param what names the journal in errors: a session's id, or nothing
   * @param epoch the reader's, 0 if it does not say
   * @throws Refusal AHEAD_OF_HEAD, UNKNOWN_EPOCH, EPOCH_ENDED
   */
  static Beginning after(
      Journal journal, String what, long epoch, long afterSeq, boolean failOnGap) {
    final Resume resume = journal.resolve(epoch == 0 ? journal.epoch() : epoch, afterSeq);
    return switch (resume) {
      case Resume.Ok() -> new Beginning(afterSeq + 1, null);
      case Resume.AheadOfHead(long head) -> throw aheadOfHead(journal, what, afterSeq, head);
      case Resume.UnknownEpoch(long current) -> throw unknownEpoch(what, epoch, current);
      case Resume.EpochEnded(long lastSeq) -> {
        if (failOnGap) {
          throw epochEnded(journal, what, epoch, lastSeq);
        }
        yield new Beginning(
            lastSeq + 1, gap(lastSeq + 1, afterSeq, GapReason.GAP_REASON_EPOCH_ENDED));
      }
    };
  }

  private static Refusal aheadOfHead(Journal journal, String what, long afterSeq, long head) {
    final String asked = Long.toUnsignedString(afterSeq);
    return Refusal.of(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_AHEAD_OF_HEAD,
            "after_seq " + asked + " is beyond the newest event, " + head)
        .field("after_seq", "must be at most " + head)
        .with("session_id", what)
        .with("after_seq", asked)
        .with("head_seq", head)
        .with("epoch", journal.epoch());
  }

  private static Refusal unknownEpoch(String what, long epoch, long current) {
    final String asked = Long.toUnsignedString(epoch);
    return Refusal.of(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_UNKNOWN_EPOCH,
            "there never was an epoch " + asked + "; the current one is " + current)
        .field("epoch", "must be at most " + current)
        .with("session_id", what)
        .with("epoch", asked)
        .with("current_epoch", current);
  }

  private static Refusal epochEnded(Journal journal, String what, long epoch, long lastSeq) {
    return Refusal.of(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_EPOCH_ENDED,
            "epoch " + epoch + " ended with event " + lastSeq + "; what came after it is lost")
        .field("epoch", "ended with event " + lastSeq)
        .with("session_id", what)
        .with("epoch", epoch)
        .with("last_seq", lastSeq)
        .with("current_epoch", journal.epoch());
  }

  /** A gap as the reader is told of it. */
  static Gap gap(Step.Gap gap) {
    return gap(
        gap.fromSeq(),
        gap.toSeq(),
        switch (gap.reason()) {
          case RETENTION -> GapReason.GAP_REASON_RETENTION;
          case DAMAGED -> GapReason.GAP_REASON_DAMAGED;
          case MISSING -> GapReason.GAP_REASON_MISSING;
          case TAIL_LOST -> GapReason.GAP_REASON_TAIL_LOST;
        });
  }

  private static Gap gap(long from, long to, GapReason reason) {
    return Gap.newBuilder().setFromSeq(from).setToSeq(to).setReason(reason).build();
  }

  /** What a reader is told that did not want to go on over gaps. */
  static Refusal eventsGone(Gap gap) {
    return Refusal.of(
            Code.OUT_OF_RANGE,
            ErrorReason.ERROR_REASON_EVENTS_GONE,
            "events " + gap.getFromSeq() + " to " + gap.getToSeq() + " are no longer there")
        .with("from_seq", gap.getFromSeq())
        .with("to_seq", gap.getToSeq())
        .with("gap_reason", gap.getReason().name().replace("GAP_REASON_", ""));
  }
}

package dev.cleat.client;

import dev.cleat.client.Gap.Reason;
import dev.cleat.v1.AttachOpen;
import org.jspecify.annotations.Nullable;

/**
 * Where a reader is in a journal, and whether what comes next may come next. Only what was
 * delivered moves it; the head is information, not progress, except where the contract says that
 * everything up to it has come.
 *
 * <p>Epoch and number move together: a connection that is cut between {@code attached} with a new
 * epoch and the gap that explains it must be resumed under the old one, or the loss would go
 * unnoticed.
 *
 * <p>Confined to the loop's thread.
 */
final class Cursor {
  private final boolean filtered;
  private boolean known;
  private Position position;
  private long streamEpoch;
  private @Nullable Position floor;

  /** At a known place, or, with none, wherever the first answer says. */
  Cursor(@Nullable Position start, boolean filtered) {
    this.filtered = filtered;
    this.known = start != null;
    this.position = start == null ? Position.BEGINNING : start;
  }

  /** Says in the request where to go on; leaves it as it is while nothing is known. */
  void goOn(AttachOpen.Builder open) {
    if (floor != null && !known) {
      known = true;
      position = floor;
    }
    if (known) {
      open.setEpoch(position.epoch()).setAfterSeq(position.seq());
    }
  }

  /**
   * A stream was opened.
   *
   * @param newest the head then, where the stream was to start behind the newest event: if it is
   *     cut before anything else comes, the next one goes on from there
   */
  void opened(long epoch, @Nullable Long newest) {
    streamEpoch = epoch;
    if (newest != null && !known) {
      floor = new Position(epoch, newest);
    }
  }

  /** A picture came, of everything up to this number. */
  void screen(Position newest) {
    if (known || newest.epoch() != streamEpoch) {
      throw CleatException.violation("a screen of " + newest + " came at " + position);
    }
    moveTo(newest.seq());
  }

  void event(long seq) {
    if (known && (filtered ? seq <= position.seq() : seq != position.seq() + 1)) {
      throw CleatException.violation("event " + seq + " came after " + position.seq());
    }
    if (seq < 1) {
      throw CleatException.violation("an event without a number");
    }
    moveTo(seq);
  }

  void gap(Gap gap) {
    if (gap.fromSeq() < 1 || gap.toSeq() < gap.fromSeq()) {
      throw CleatException.violation("a gap without bounds: " + gap);
    }
    if (gap.reason() == Reason.EPOCH_ENDED) {
      if (!known || gap.fromSeq() > position.seq() + 1 || streamEpoch == position.epoch()) {
        throw CleatException.violation(
            "an epoch ended that was not read: " + gap + " at " + position);
      }
      moveTo(gap.fromSeq() - 1);
      return;
    }
    if (known
        && (filtered ? gap.fromSeq() <= position.seq() : gap.fromSeq() != position.seq() + 1)) {
      throw CleatException.violation(gap + " came after " + position.seq());
    }
    moveTo(gap.toSeq());
  }

  /** Everything up to this number has come, says a caught-up or a heartbeat. */
  void everythingUpTo(long seq) {
    if (known && !filtered && seq > position.seq()) {
      throw CleatException.violation(
          "everything up to " + seq + " was said to have come at " + position.seq());
    }
    if (!known || seq > position.seq()) {
      moveTo(seq);
    }
  }

  /** The place behind what has come; where nothing has, the place to start from. */
  Position position() {
    return !known && floor != null ? floor : position;
  }

  private void moveTo(long seq) {
    known = true;
    position = new Position(streamEpoch, seq);
  }
}

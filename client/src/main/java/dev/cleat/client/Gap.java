package dev.cleat.client;

/**
 * Events that are not there any more. The reader goes on behind them.
 *
 * @param fromSeq the first
 * @param toSeq the last
 * @param reason why
 */
public record Gap(long fromSeq, long toSeq, Reason reason) {

  /** Why events are missing. */
  public enum Reason {
    /** A reason that this version of the library does not know. */
    UNKNOWN,
    /** Trimmed, as the session's retention says. */
    RETENTION,
    /** The journal is damaged there. */
    DAMAGED,
    /** A file of the journal is missing. */
    MISSING,
    /** Lost in a crash of the machine, before they were on stable storage. */
    TAIL_LOST,
    /**
     * The machine crashed and the journal goes on from an earlier place: what was delivered as
     * {@code fromSeq} to {@code toSeq} is void, and the next event has the number {@code fromSeq}
     * again.
     */
    EPOCH_ENDED
  }

  static Gap of(dev.cleat.v1.Gap gap) {
    return new Gap(
        gap.getFromSeq(),
        gap.getToSeq(),
        Names.of(Reason.class, "GAP_REASON_", gap.getReason(), Reason.UNKNOWN));
  }
}

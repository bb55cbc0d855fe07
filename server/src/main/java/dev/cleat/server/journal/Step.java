package dev.cleat.server.journal;

/** What one {@link Cursor#poll} came to. */
public sealed interface Step permits Batch, Step.Gap, Step.AtHead, Step.Closed {

  /**
   * Events that cannot be delivered; the cursor now stands after them.
   *
   * @param fromSeq the first of them
   * @param toSeq the last of them, at least {@code fromSeq}
   * @param reason why
   */
  record Gap(long fromSeq, long toSeq, GapReason reason) implements Step {
    /** Refuses an empty range. */
    public Gap {
      if (fromSeq < 1 || toSeq < fromSeq) {
        throw new IllegalArgumentException("empty gap " + fromSeq + ".." + toSeq);
      }
    }
  }

  /** Everything visible has been delivered; more may come. */
  record AtHead() implements Step {
    static final AtHead AT_HEAD = new AtHead();
  }

  /**
   * The journal takes no more reads.
   *
   * @param deleted whether it was deleted, rather than closed by its server
   */
  record Closed(boolean deleted) implements Step {}
}

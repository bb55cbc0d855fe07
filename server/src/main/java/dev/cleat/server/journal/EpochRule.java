package dev.cleat.server.journal;

/**
 * What the caller of {@link JournalRoot#open} knows about the journal that the journal cannot know
 * itself. The root adds what it knows: whether the machine crashed since the journal was last
 * written to.
 *
 * @param sealed the journal's last append was followed by a {@link Journal#seal} that returned, so
 *     a crash of the machine has lost nothing of it
 * @param atLeast a number known to have been given out (0: none known). When the journal ends
 *     before it, something visible was lost: a new epoch begins and the numbering goes on after
 *     {@code atLeast}
 */
public record EpochRule(boolean sealed, long atLeast) {
  /** Refuses a negative number. */
  public EpochRule {
    if (atLeast < 0) {
      throw new IllegalArgumentException("atLeast is " + atLeast);
    }
  }

  /** A journal that may have been written to up to the end of the last run. */
  public static EpochRule unsealed(long atLeast) {
    return new EpochRule(false, atLeast);
  }

  /** A journal that was sealed after its last append. */
  public static EpochRule sealed(long atLeast) {
    return new EpochRule(true, atLeast);
  }
}

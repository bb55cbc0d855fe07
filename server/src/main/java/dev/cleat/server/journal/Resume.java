package dev.cleat.server.journal;

/**
 * Whether a reader may go on after the last event it has seen, as told by {@link Journal#resolve}.
 */
public sealed interface Resume {

  /** It may: what it has seen is a prefix of this journal. */
  record Ok() implements Resume {
    static final Ok OK = new Ok();
  }

  /**
   * It claims to have seen more than there is.
   *
   * @param head the number of the newest event
   */
  record AheadOfHead(long head) implements Resume {}

  /**
   * This journal never had that epoch.
   *
   * @param current the journal's epoch
   */
  record UnknownEpoch(long current) implements Resume {}

  /**
   * Its epoch ended before the last event it has seen: the events after {@code lastSeq} that it saw
   * were lost, and their numbers may have been given to others.
   *
   * @param lastSeq the last number that means the same in the reader's epoch and in this journal;
   *     may be 0
   */
  record EpochEnded(long lastSeq) implements Resume {}
}

package dev.cleat.server.store;

/** What became of a {@link FoldUpdate}. Only {@link Saved} has changed anything. */
public sealed interface SaveResult {
  /** Written. */
  record Saved() implements SaveResult {}

  /** The row is already at a later (epoch, seq): a save that came too late. */
  record Stale(long epoch, long foldedSeq) implements SaveResult {
    boolean isLaterThan(long otherEpoch, long otherSeq) {
      return epoch > otherEpoch || (epoch == otherEpoch && foldedSeq > otherSeq);
    }
  }

  /** There is no such session, or it was deleted. */
  record Gone() implements SaveResult {}

  /** Another session has the name. */
  record NameTaken(String sessionId) implements SaveResult {}
}

package dev.cleat.client;

import dev.cleat.v1.Attached;

/**
 * An attachment is open.
 *
 * @param session the session as it was then
 * @param epoch the journal's epoch
 * @param oldestSeq the number of the oldest event there is
 * @param headSeq the number of the newest
 * @param durableSeq the number of the newest on stable storage
 */
public record AttachInfo(
    SessionInfo session, long epoch, long oldestSeq, long headSeq, long durableSeq) {
  static AttachInfo of(Attached attached) {
    return new AttachInfo(
        new SessionInfo(attached.getSession()),
        attached.getEpoch(),
        attached.getOldestSeq(),
        attached.getHeadSeq(),
        attached.getDurableSeq());
  }
}

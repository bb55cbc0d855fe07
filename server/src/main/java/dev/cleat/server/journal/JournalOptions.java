package dev.cleat.server.journal;

/**
 * What may differ from journal to journal. None of it is stored: each open says it anew.
 *
 * @param segmentBytes the size at which a new segment is begun, at least 1 KiB; see {@link #of}
 * @param recentBytes how much of the newest output is kept in memory for readers at the head, 0 or
 *     more
 * @param retention how much is kept on disk
 * @param sync what happens before an event is visible
 */
public record JournalOptions(
    long segmentBytes, int recentBytes, Retention retention, SyncPolicy sync) {
  private static final long LARGEST_SEGMENT = 16L << 20;
  private static final long SMALLEST_SEGMENT = 1L << 20;
  private static final int RECENT = 512 << 10;

  /** Refuses values out of range. */
  public JournalOptions {
    if (segmentBytes < 1024 || segmentBytes > 1 << 30) {
      throw new IllegalArgumentException("segment size of " + segmentBytes + " bytes");
    }
    if (recentBytes < 0) {
      throw new IllegalArgumentException("recent events of " + recentBytes + " bytes");
    }
  }

  /**
   * The defaults for a retention and a sync policy: segments of 16 MiB, or smaller (down to 1 MiB)
   * so that a retention by bytes is never missed by more than a quarter; 512 KiB in memory.
   */
  public static JournalOptions of(Retention retention, SyncPolicy sync) {
    long segment = Math.clamp(retention.bytes() / 4, SMALLEST_SEGMENT, LARGEST_SEGMENT);
    return new JournalOptions(segment, RECENT, retention, sync);
  }

  /** Keeps everything, synced at intervals. */
  public static JournalOptions defaults() {
    return of(Retention.UNLIMITED, SyncPolicy.INTERVAL);
  }
}

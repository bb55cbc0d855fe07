package dev.cleat.server.journal;

import java.time.Duration;

/**
 * What holds for all journals of a root together.
 *
 * @param syncInterval how long after an append it is synced at the latest to begin with, in {@link
 *     SyncPolicy#INTERVAL}; at least 1 ms
 * @param maintenanceInterval how often retention by age is enforced and idle journals are made
 *     small, at least 1 ms
 * @param recentBytes what all journals together may keep in memory of their newest events; beyond
 *     it, each keeps an eighth of what its own options allow
 */
public record JournalRootOptions(
    Duration syncInterval, Duration maintenanceInterval, long recentBytes) {
  /** Refuses values out of range. */
  public JournalRootOptions {
    if (syncInterval.toMillis() < 1 || maintenanceInterval.toMillis() < 1) {
      throw new IllegalArgumentException("intervals of less than a millisecond");
    }
    if (recentBytes < 0) {
      throw new IllegalArgumentException("recent events of " + recentBytes + " bytes");
    }
  }

  /** 200 ms, 10 s, an eighth of the heap. */
  public static JournalRootOptions defaults() {
    return new JournalRootOptions(
        Duration.ofMillis(200), Duration.ofSeconds(10), Runtime.getRuntime().maxMemory() / 8);
  }
}

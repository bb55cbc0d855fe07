package dev.cleat.server.journal;

/** What must have happened to an event before a reader may see it. */
public enum SyncPolicy {
  /**
   * It was handed to the operating system. Survives the process, not the machine; synced only when
   * sealed or closed.
   */
  OS,
  /** The same, and it is synced within the root's interval afterwards. */
  INTERVAL,
  /** It was synced to disk. Appends that come while a sync is running share the next one. */
  ALWAYS
}

package dev.cleat.server.journal;

/** Why events that once had a number cannot be delivered. */
public enum GapReason {
  /** They were removed because the journal grew too large or they grew too old. */
  RETENTION,
  /** Their bytes on disk no longer match their checksum. */
  DAMAGED,
  /** The file that held them is gone. */
  MISSING,
  /**
   * They were written but not yet synced when the machine crashed, and the numbering went on after
   * them.
   */
  TAIL_LOST
}

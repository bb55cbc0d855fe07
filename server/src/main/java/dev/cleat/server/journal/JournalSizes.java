package dev.cleat.server.journal;

import java.util.function.LongConsumer;

/** Hears how the sizes of journals on the disk change. Thread-safe. */
public interface JournalSizes {
  /** Nobody wants to know. */
  JournalSizes UNHEARD = name -> change -> {};

  /**
   * Who hears of one journal: of its size when the root is opened, and from then on of each change,
   * in bytes, also down to nothing. Called with the journal's locks held: must not wait.
   *
   * @param name the journal's
   */
  LongConsumer forJournal(String name);
}

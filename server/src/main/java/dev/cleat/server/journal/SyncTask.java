package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * What there is to sync of one journal, as of one moment.
 *
 * @param journal whose
 * @param target how far it goes once this is done
 */
record SyncTask(Journal journal, Tip target) {

  /** Syncs, unless it was done for the whole file system, and tells the journal. */
  void finish(boolean alreadySynced, Disk disk) {
    try {
      if (!alreadySynced) {
        force(disk);
      }
      journal.synced(target);
    } catch (IOException e) {
      journal.syncFailed(e);
    } catch (RuntimeException e) {
      // The thread that syncs all journals must not end over one of them.
      journal.syncFailed(new IOException(e));
    }
  }

  void force(Disk disk) throws IOException {
    for (Path path : journal.unsynced(target)) {
      try {
        disk.force(path);
      } catch (NoSuchFileException e) {
        // Removed by retention, or with the whole journal, since the list was made.
        Journal.LOG.debug("Not synced, no longer there: {}", path);
      }
    }
  }
}

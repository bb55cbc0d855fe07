package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** What of a journal is known to be on the disk, and whether it waits to be synced. Thread-safe. */
final class Durability {
  private final Path folder;
  private final @Nullable SyncLane lane;
  private final AtomicBoolean waiting = new AtomicBoolean();
  // Set under this.
  private volatile long head;
  private volatile @Nullable Segment folderSyncedFor;
  private volatile @Nullable IOException failure;

  /**
   * @param lane syncs the journal after appends; null when nobody does
   * @param tip how far the journal goes
   * @param synced whether that is on the disk already
   */
  Durability(Path folder, @Nullable SyncLane lane, Tip tip, boolean synced) {
    this.folder = folder;
    this.lane = lane;
    this.head = tip.head();
    this.folderSyncedFor = synced ? tip.segment() : null;
  }

  /** The newest event that is on the disk. */
  long head() {
    return head;
  }

  /** Why a sync failed, the first time one did. */
  @Nullable IOException failure() {
    return failure;
  }

  /** Something was appended. Costs one volatile read when the journal waits already. */
  void appended(Journal journal) {
    if (lane != null && !waiting.get() && waiting.compareAndSet(false, true)) {
      lane.add(journal);
    }
  }

  /** What is appended from now on waits for the next sync. */
  void syncBegins() {
    waiting.set(false);
  }

  boolean covers(Tip tip) {
    return head >= tip.head() && folderSyncedFor == tip.segment() && failure == null;
  }

  /** The files and folders to sync, in order, so that everything up to a tip is on the disk. */
  List<Path> unsynced(Tip tip, Segments segments) {
    Segment syncedFor = folderSyncedFor;
    List<Path> paths = new ArrayList<>();
    if (tip.head() > head || syncedFor == null) {
      for (Segment segment : segments.from(head + 1)) {
        paths.add(folder.resolve(segment.fileName()));
      }
    }
    if (syncedFor != tip.segment()) {
      paths.add(folder);
    }
    Path parent = folder.getParent();
    if (syncedFor == null && parent != null) {
      paths.add(parent);
    }
    return paths;
  }

  /**
   * Everything up to a tip was synced.
   *
   * @return false if an earlier sync failed: the system may have dropped what it could not write,
   *     so nothing later can be called durable
   */
  synchronized boolean synced(Tip tip) {
    if (failure != null) {
      return false;
    }
    if (tip.head() >= head) {
      head = tip.head();
      folderSyncedFor = tip.segment();
    }
    return true;
  }

  /** A sync failed; true for the first. */
  synchronized boolean failed(IOException reason) {
    boolean first = failure == null;
    if (first) {
      failure = reason;
    }
    return first;
  }
}

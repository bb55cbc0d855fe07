package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Syncs the journals of one policy, all of them together, on a thread of its own. Journals that
 * become dirty while a sync is running share the next one. Thread-safe.
 */
final class SyncLane implements AutoCloseable {
  /**
   * From how many dirty journals on one sync of the whole file system is cheaper than one for each
   * file.
   */
  private static final int MANY = 8;

  private final Path root;
  private final Disk disk;
  private final JournalMetrics metrics;
  private final long delayNanos;
  private final Thread thread;
  // Guarded by this.
  private List<Journal> dirty = new ArrayList<>();
  private boolean closing;
  private long dirtySince;
  private long roundSince;
  private int inRound;

  /**
   * @param root the folder all the journals are in
   * @param delay how long to wait for more after the first journal became dirty, zero for not at
   *     all
   */
  SyncLane(String name, Path root, Disk disk, JournalMetrics metrics, Duration delay) {
    this.root = root;
    this.disk = disk;
    this.metrics = metrics;
    this.delayNanos = delay.toNanos();
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    thread.start();
  }

  /** A journal has something to sync. Called once per journal and round. */
  synchronized void add(Journal journal) {
    dirty.add(journal);
    if (dirty.size() == 1) {
      dirtySince = System.nanoTime();
      notifyAll();
    }
  }

  private void run() {
    try {
      for (List<Journal> round = next(); !round.isEmpty(); round = next()) {
        sync(root, disk, metrics, round);
        roundOver();
      }
    } catch (InterruptedException e) {
      Journal.LOG.warn("{} was interrupted: journals are no longer synced", thread.getName());
    }
  }

  /** The next round; empty when closing. */
  private synchronized List<Journal> next() throws InterruptedException {
    while (dirty.isEmpty() && !closing) {
      wait();
    }
    long deadline = System.nanoTime() + delayNanos;
    for (long rest = delayNanos; rest > 0 && !closing; rest = deadline - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, Math.max(rest, 1_000_000));
    }
    List<Journal> round = dirty;
    dirty = new ArrayList<>();
    roundSince = dirtySince;
    inRound = round.size();
    return round;
  }

  private synchronized void roundOver() {
    inRound = 0;
  }

  /** How many journals wait, or are being synced. */
  synchronized int waiting() {
    return dirty.size() + inRound;
  }

  /** For how many nanoseconds the first of them has waited. */
  synchronized long age() {
    if (inRound == 0 && dirty.isEmpty()) {
      return 0;
    }
    return System.nanoTime() - (inRound > 0 ? roundSince : dirtySince);
  }

  /** Syncs journals together and tells each of them. */
  static void sync(Path root, Disk disk, JournalMetrics metrics, List<Journal> round) {
    long start = System.nanoTime();
    List<SyncTask> tasks = round.stream().map(Journal::prepareSync).toList();
    boolean together = false;
    if (tasks.size() > MANY) {
      try {
        together = disk.forceFileSystem(root);
      } catch (IOException e) {
        Journal.LOG.warn("Syncing the file system of {} failed, syncing file by file", root, e);
      }
    }
    for (SyncTask task : tasks) {
      task.finish(together, disk);
    }
    metrics.synced(System.nanoTime() - start);
  }

  /** Syncs what is waiting and ends. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

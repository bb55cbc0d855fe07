package dev.cleat.server.journal;

import dev.cleat.server.journal.Bells.Bell;
import dev.cleat.server.telemetry.LogFields;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An append-only list of events, numbered from 1 without holes, in files of one folder. Got from a
 * {@link JournalRoot}.
 *
 * <p>Thread-safe. Appends take a lock that no reader ever takes; it is there for one writer at a
 * time, and callers that need an order among their appends must order the calls. Readers see how
 * far the journal goes through one volatile reference, which is set before anyone is woken. Locks
 * are held over writes to the disk, but never over a sync in the policies {@link SyncPolicy#OS} and
 * {@link SyncPolicy#INTERVAL}.
 */
public final class Journal {
  /** The largest event there may be, in bytes: 16 MiB. */
  public static final int MAX_EVENT_BYTES = 16 << 20;

  static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  private final String id;
  private final LogFields.Subject subject = LogFields.subject();
  private final Path folder;
  private final JournalOptions options;
  private final Recovery recovery;
  private final Disk disk;
  private final JournalMetrics metrics;
  private final RecentBatches recent;
  private final Bells bells = new Bells();
  private final ReentrantLock writing = new ReentrantLock();
  private final SegmentWriter writer; // guarded by writing
  private final Durability durability;

  /** What is in the files. */
  private volatile Tip written;

  /**
   * What readers may see. Set under {@code writing}, or with {@link SyncPolicy#ALWAYS} under {@code
   * durability}.
   */
  private volatile Tip tip;

  private volatile Step.@Nullable Closed closed;

  Journal(
      String id,
      Path folder,
      JournalOptions options,
      Recovery recovery,
      Disk disk,
      JournalMetrics metrics,
      Durability durability,
      RecentBatches recent,
      SegmentWriter writer,
      Tip tip) {
    this.id = id;
    this.folder = folder;
    this.options = options;
    this.recovery = recovery;
    this.disk = disk;
    this.metrics = metrics;
    this.durability = durability;
    this.recent = recent;
    this.writer = writer;
    this.written = tip;
    this.tip = tip;
  }

  /** The name it has in its root. */
  public String id() {
    return id;
  }

  /** The unbroken run of numbers it is in, from 1. Changes only by opening it. */
  public long epoch() {
    return writer.epoch();
  }

  /** The newest visible event's number, 0 when there is none yet. */
  public long head() {
    return tip.head();
  }

  /**
   * The newest event that would survive a crash of the machine now; 0 when none, or when that is
   * not known yet. Stands still for good once a sync has failed.
   */
  public long durableHead() {
    return durability.head();
  }

  /** The oldest number still kept, which is one past the head when nothing is. */
  public long oldest() {
    return Math.min(writer.segments().first().firstSeq, tip.head() + 1);
  }

  /** The number the next appended event gets. A guess when others append too. */
  public long nextSeq() {
    return written.head() + 1;
  }

  /**
   * The number behind the last event that is visible, or will be: with {@link SyncPolicy#ALWAYS},
   * what has been appended is not once syncing has failed. A guess when others append too.
   */
  public long visibleEnd() {
    return hasFailed() ? tip.head() + 1 : nextSeq();
  }

  private boolean hasFailed() {
    return options.sync() == SyncPolicy.ALWAYS && durability.failure() != null;
  }

  /** What opening it found and did. */
  public Recovery recovery() {
    return recovery;
  }

  /**
   * Appends one event.
   *
   * @see #append(List)
   */
  public long append(Entry entry) throws IOException {
    return append(List.of(entry));
  }

  /**
   * Appends events as one batch, with one write. When this returns they are visible, or with {@link
   * SyncPolicy#ALWAYS} will be soon, see {@link #awaitVisible}. When it throws, the journal is as
   * it was, and the append may be tried again. An interrupt neither stops nor fails it.
   *
   * @param entries at least one
   * @return the number of the first; the others follow
   * @throws JournalFullException when there is no room on the disk
   * @throws JournalClosedException when the journal was closed or deleted
   * @throws IOException when the disk cannot be written for another reason
   */
  public long append(List<? extends Entry> entries) throws IOException {
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("nothing to append");
    }
    long start = System.nanoTime();
    long firstSeq;
    int total;
    writing.lock();
    try {
      requireWritable();
      firstSeq = written.head() + 1;
      int[] sizes = new int[entries.size()];
      total = measure(entries, firstSeq, sizes);
      write(entries, firstSeq, sizes, total);
    } finally {
      writing.unlock();
    }
    metrics.appended(entries.size(), total, System.nanoTime() - start);
    if (options.sync() != SyncPolicy.ALWAYS) {
      bells.ring();
    }
    durability.appended(this);
    return firstSeq;
  }

  private static int measure(List<? extends Entry> entries, long firstSeq, int[] sizes) {
    int total = 0;
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = entries.get(i).sizeAt(firstSeq + i);
      if (sizes[i] < 2 || sizes[i] > MAX_EVENT_BYTES) {
        throw new IllegalArgumentException("an event of " + sizes[i] + " bytes");
      }
      total = Math.addExact(total, Records.size(sizes[i]));
    }
    return total;
  }

  private void write(List<? extends Entry> entries, long firstSeq, int[] sizes, int total)
      throws IOException {
    byte[] bytes;
    long offset;
    try {
      Segment before = writer.active();
      writer.makeRoom(total, firstSeq);
      if (writer.active() != before) {
        writer.retire(tip.segment());
      }
      bytes = Records.encode(writer.salt(), firstSeq, entries, sizes, total);
      offset = writer.end();
      writer.append(bytes);
    } catch (IOException e) {
      metrics.appendFailed();
      throw DiskFull.is(e, folder, total) ? new JournalFullException(id, e) : e;
    }
    long lastSeq = firstSeq + sizes.length - 1;
    recent.add(writer.active(), offset, firstSeq, lastSeq, bytes);
    Tip next = new Tip(lastSeq, writer.active(), writer.end());
    written = next;
    if (options.sync() != SyncPolicy.ALWAYS) {
      tip = next;
    }
  }

  private void requireWritable() throws IOException {
    Step.Closed end = closed;
    if (end != null) {
      throw new JournalClosedException(id, end.deleted());
    }
    if (hasFailed()) {
      throw new IOException(
          "journal " + id + " takes nothing more: syncing it failed", durability.failure());
    }
  }

  /**
   * Waits until an event is visible. Returns at once unless the policy is {@link
   * SyncPolicy#ALWAYS}.
   *
   * @param seq a number that an append returned, or the last one of that append
   * @throws IOException when it cannot become visible: syncing failed, or the journal was closed
   */
  public void awaitVisible(long seq) throws IOException, InterruptedException {
    if (seq <= tip.head()) {
      return;
    }
    Thread waiting = Thread.currentThread();
    Bell bell = new Bell(() -> LockSupport.unpark(waiting));
    bells.add(bell);
    try {
      while (seq > tip.head()) {
        bell.arm();
        requireWritable();
        if (seq > tip.head()) {
          LockSupport.park(this);
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      bells.remove(bell);
    }
  }

  /** A cursor that delivers from this event on; from 1 to one past the head. */
  public Cursor cursorFrom(long seq) {
    return cursorFrom(seq, null);
  }

  /**
   * A cursor that delivers from this event on.
   *
   * @param seq from 1 to one past the newest event, visible yet or not
   * @param bell what to run when an armed cursor has something to poll, on the appending thread: it
   *     must not block or throw
   */
  public Cursor cursorFrom(long seq, @Nullable Runnable bell) {
    requirePosition(seq);
    return new Cursor(this, seq, bell);
  }

  /** A cursor that delivers everything there is. */
  public Cursor cursorFromOldest() {
    return cursorFrom(oldest());
  }

  /** A cursor that delivers only what is yet to come. */
  public Cursor cursorFromHead() {
    return cursorFrom(head() + 1);
  }

  /** A cursor that delivers the last events, fewer if there are not so many. */
  public Cursor cursorOfLast(long events) {
    if (events < 0) {
      throw new IllegalArgumentException("the last " + events + " events");
    }
    long head = head();
    return cursorFrom(Math.max(oldest(), head - Math.min(events, head) + 1));
  }

  /**
   * Whether a reader that has seen events up to a number of an epoch may go on after it.
   *
   * @param epoch the epoch it was in
   * @param seq the last number it has seen, 0 for none
   */
  public Resume resolve(long epoch, long seq) {
    long current = epoch();
    if (epoch < 1 || epoch > current) {
      return new Resume.UnknownEpoch(current);
    }
    long head = head();
    if (epoch < current) {
      long end = writer.epochs().endOf(epoch);
      if (Long.compareUnsigned(seq, end) >= 0) {
        return new Resume.EpochEnded(end - 1);
      }
    }
    return Long.compareUnsigned(seq, head) > 0 ? new Resume.AheadOfHead(head) : Resume.Ok.OK;
  }

  /**
   * Syncs everything appended so far, whatever the policy, and returns when it is on the disk.
   *
   * @throws IOException if it is not, or if that is not known because an earlier sync has failed
   */
  public void seal() throws IOException {
    SyncTask task = prepareSync();
    try {
      task.force(disk);
    } catch (IOException e) {
      syncFailed(e);
      throw e;
    }
    synced(task.target());
    IOException earlier = durability.failure();
    if (earlier != null) {
      throw new IOException("journal " + id + " has not been synced whole", earlier);
    }
  }

  /** Keeps this much from now on; what is over it goes with the next maintenance. */
  public void retain(Retention retention) {
    writer.retain(retention);
  }

  /**
   * Enforces the retention, and gives back what an idle journal need not hold. Does nothing while
   * it is written to.
   */
  void maintain() {
    if (writing.tryLock()) {
      try {
        if (closed == null) {
          writer.retire(tip.segment());
          writer.rest();
          recent.trimWhenIdle();
        }
      } finally {
        writing.unlock();
      }
    }
  }

  /** Ends appends and reads, and wakes every reader. Syncs nothing. */
  void end(boolean deleted) {
    writing.lock();
    try {
      if (closed != null) {
        return;
      }
      closed = new Step.Closed(deleted);
      writer.closeOutput();
      recent.clear();
    } finally {
      writing.unlock();
    }
    bells.ring();
  }

  SyncTask prepareSync() {
    durability.syncBegins();
    return new SyncTask(this, written);
  }

  List<Path> unsynced(Tip target) {
    return durability.unsynced(target, writer.segments());
  }

  void synced(Tip target) {
    boolean shown = false;
    synchronized (durability) {
      if (durability.synced(target)
          && options.sync() == SyncPolicy.ALWAYS
          && target.head() > tip.head()) {
        tip = target;
        shown = true;
      }
    }
    if (shown) {
      bells.ring();
    }
  }

  void syncFailed(IOException failure) {
    if (durability.failed(failure)) {
      metrics.syncFailed();
      try (LogFields.Scope _ = subject.logged()) {
        LOG.error(
            "Syncing journal {} failed after event {}; open it anew", id, durableHead(), failure);
      }
    }
    bells.ring();
  }

  boolean isSynced() {
    return durability.covers(written);
  }

  void requirePosition(long seq) {
    long end = nextSeq();
    if (seq < 1 || seq > end) {
      throw new IllegalArgumentException("no event %d, the last is %d".formatted(seq, end - 1));
    }
  }

  Step.@Nullable Closed closed() {
    return closed;
  }

  Tip tip() {
    return tip;
  }

  Segments segments() {
    return writer.segments();
  }

  RecentBatches recent() {
    return recent;
  }

  Bells bells() {
    return bells;
  }

  Path folder() {
    return folder;
  }
}

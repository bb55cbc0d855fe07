package dev.cleat.server.journal;

import dev.cleat.server.journal.Batch.Slice;
import dev.cleat.server.journal.Bells.Bell;
import dev.cleat.server.journal.RecentBatches.Stored;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One reader's place in a journal. Replay and live are the same: it reads from memory what is still
 * there, and from disk what is not. Between polls it holds a number, and a descriptor while it is
 * inside the files; of events, the last piece that it read from them.
 *
 * <p>For one thread at a time, except {@link #wake} and {@link #position}, which any thread may
 * call. An interrupt makes {@link #poll} throw {@link java.nio.channels.ClosedByInterruptException}
 * when it has to read from disk; the cursor stays where it was. Close it: an open cursor stays
 * known to its journal.
 */
public final class Cursor implements AutoCloseable {
  private final Journal journal;
  private final History history;
  private final Bell bell;
  private final Alarm alarm = new Alarm();
  private final @Nullable Runnable onRing;
  private volatile @Nullable Thread waiter;
  private volatile boolean woken;
  private long next;
  private long hint;

  Cursor(Journal journal, long next, @Nullable Runnable onRing) {
    this.journal = journal;
    this.history = new History(journal.folder());
    this.next = next;
    this.onRing = onRing;
    this.bell = new Bell(this::wake);
    journal.bells().add(bell);
  }

  /**
   * The number of the event that comes next; at most one past the journal's head. To another
   * thread, where the cursor was a moment ago.
   */
  public long position() {
    return next;
  }

  /**
   * Goes to another place.
   *
   * @param seq the event to deliver next, from 1 to one past the head
   */
  public void seek(long seq) {
    journal.requirePosition(seq);
    next = seq;
    history.moved();
  }

  /**
   * Takes what comes next and moves past it. Never waits for events; may wait for the disk. What it
   * returns is good until the next call of a method of this cursor.
   *
   * @param maxBytes how large a batch may be ({@link Batch#wireLength}), at least 1. An event that
   *     is larger comes alone. A batch may be much smaller
   * @return a batch or a gap that begins at {@link #position}, or that there is nothing now, or
   *     that the journal is closed
   * @throws IOException when the disk cannot be read; the cursor stays where it was
   */
  public Step poll(int maxBytes) throws IOException {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes is " + maxBytes);
    }
    Step.Closed closed = journal.closed();
    if (closed != null) {
      history.release();
      return closed;
    }
    Tip tip = journal.tip();
    if (next > tip.head()) {
      history.release();
      return Step.AtHead.AT_HEAD;
    }
    Step step = recent(maxBytes, tip);
    if (step == null) {
      step = history.read(next, maxBytes, tip, journal);
    }
    if (step instanceof Step.Gap) {
      // Files that went away with their journal, since it was looked at, are no gap in it.
      closed = journal.closed();
      if (closed != null) {
        history.release();
        return closed;
      }
    }
    switch (step) {
      case Batch batch -> next = batch.lastSeq() + 1;
      case Step.Gap gap -> next = gap.toSeq() + 1;
      case Step.AtHead _, Step.Closed _ -> {}
    }
    return step;
  }

  /**
   * Takes what comes next and moves past it, if that is in memory. Never waits.
   *
   * @param maxBytes as in {@link #poll}
   * @return null if there is nothing to poll, or if only {@link #poll} can tell what
   */
  public @Nullable Batch pollRecent(int maxBytes) {
    Tip tip = journal.tip();
    if (journal.closed() != null || next > tip.head()) {
      return null;
    }
    Batch batch = recent(maxBytes, tip);
    if (batch != null) {
      next = batch.lastSeq() + 1;
    }
    return batch;
  }

  /**
   * Arms the bell: the action given when the cursor was made runs once, soon after there is
   * something to poll.
   *
   * @return false if there is something to poll now; the bell is then not armed
   */
  public boolean arm() {
    bell.arm();
    if (isReady()) {
      bell.disarm();
      return false;
    }
    return true;
  }

  /** Whether {@link #poll} has something else to say than that everything was delivered. */
  public boolean isReady() {
    return next <= journal.tip().head() || journal.closed() != null;
  }

  /** Whether the journal is closed: there is nothing more to poll. */
  public boolean isClosed() {
    return journal.closed() != null;
  }

  /**
   * Waits until there is something to poll, or somebody called {@link #wake} since the last await,
   * or the time is over. Blocks the calling thread only, and unmounts a virtual one. Look again at
   * whatever else the wait was for: it may end early.
   *
   * @return whether there is something to poll
   */
  public boolean await(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    waiter = Thread.currentThread();
    try {
      long rest = timeout.toNanos();
      while (arm() && !woken && rest > 0) {
        alarm.park(rest);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        rest = deadline - System.nanoTime();
      }
      return isReady();
    } finally {
      waiter = null;
      // Whoever called wake changed something first: the caller, who looks again after this, sees
      // it.
      woken = false;
      bell.disarm();
    }
  }

  /**
   * Ends an {@link #await}, also one that only begins after this, and runs the action. From any
   * thread.
   */
  public void wake() {
    woken = true;
    Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
    if (onRing != null) {
      onRing.run();
    }
  }

  /** Gives back the descriptor, if it holds one: for a reader that will not poll for a while. */
  public void release() {
    history.release();
  }

  @Override
  public void close() {
    journal.bells().remove(bell);
    alarm.close();
    history.release();
  }

  /**
   * From memory: the rest of the batch that holds the next event, and those after it, while there
   * is room.
   */
  private @Nullable Batch recent(int maxBytes, Tip tip) {
    Stored stored = journal.recent().find(next, hint);
    if (stored == null || stored.lastSeq() > tip.head()) {
      return null;
    }
    List<Slice> slices = new ArrayList<>(4);
    long seq = next;
    long room = maxBytes;
    int from = startIn(stored);
    while (true) {
      Slice slice = new Slice(stored.bytes(), from, stored.bytes().length);
      long count = stored.lastSeq() - seq + 1;
      long wire = slice.to() - slice.from() - Records.CRC_BYTES * count;
      if (wire > room) {
        slice = beginning(slice, room, slices.isEmpty());
        count = countOf(slice);
        wire = maxBytes;
      }
      if (count > 0) {
        slices.add(slice);
        seq += count;
        hint = stored.index();
        history.continueAt(stored.segment(), stored.offset() + slice.to());
      }
      room -= wire;
      Stored after = room > 0 ? journal.recent().after(stored) : null;
      if (after == null || after.lastSeq() > tip.head() || after.firstSeq() != seq) {
        return new Batch(next, seq - 1, slices.toArray(Slice[]::new));
      }
      stored = after;
      from = 0;
    }
  }

  private int startIn(Stored stored) {
    if (stored.firstSeq() == next) {
      return 0;
    }
    int at = (int) history.offsetIn(stored);
    if (at < 0) {
      at = 0;
      for (long seq = stored.firstSeq(); seq < next; seq++) {
        at += Records.length(stored.bytes(), at);
      }
    }
    return at;
  }

  /** As many records as there is room for; at least one if asked for. */
  private static Slice beginning(Slice slice, long room, boolean atLeastOne) {
    int at = slice.from();
    long rest = room;
    while (at < slice.to()) {
      int length = Records.length(slice.array(), at);
      rest -= length - Records.CRC_BYTES;
      if (rest < 0 && !(atLeastOne && at == slice.from())) {
        break;
      }
      at += length;
    }
    return new Slice(slice.array(), slice.from(), at);
  }

  private static long countOf(Slice slice) {
    long count = 0;
    for (int at = slice.from(); at < slice.to(); at += Records.length(slice.array(), at)) {
      count++;
    }
    return count;
  }
}

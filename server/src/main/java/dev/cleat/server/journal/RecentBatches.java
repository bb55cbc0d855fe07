package dev.cleat.server.journal;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The newest batches of a journal, in memory, for readers at the head. Written under the journal's
 * writing lock, read without any. Readers keep the index of a batch, never the batch, so what is
 * forgotten here is free at once.
 */
final class RecentBatches {
  /** How many batches are kept at most; a power of two. */
  static final int SLOTS = 256;

  private final int limitBytes;
  private final Budget budget;
  private volatile @Nullable AtomicReferenceArray<@Nullable Stored> slots;
  private volatile long newest = -1;
  // Guarded by the writing lock.
  private long oldest;
  private long heldBytes;
  private long newestAtLastTrim = -1;

  /**
   * One append.
   *
   * @param index counts the appends of this run, from 0
   * @param offset where it begins in its segment's file
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Stored(
      long index, Segment segment, long offset, long firstSeq, long lastSeq, byte[] bytes) {}

  /**
   * What all journals together may hold. Once it is spent, each keeps only an eighth of its own
   * limit.
   */
  record Budget(long limitBytes, AtomicLong heldBytes) {
    Budget(long limitBytes) {
      this(limitBytes, new AtomicLong());
    }

    int share(int wanted) {
      return heldBytes.get() > limitBytes ? wanted / 8 : wanted;
    }
  }

  RecentBatches(int limitBytes, Budget budget) {
    this.limitBytes = limitBytes;
    this.budget = budget;
  }

  void add(Segment segment, long offset, long firstSeq, long lastSeq, byte[] bytes) {
    AtomicReferenceArray<@Nullable Stored> array = slots;
    if (array == null) {
      array = new AtomicReferenceArray<>(SLOTS);
      slots = array;
    }
    long index = newest + 1;
    if (index - oldest >= SLOTS) {
      forgetOldest(array);
    }
    array.set(slot(index), new Stored(index, segment, offset, firstSeq, lastSeq, bytes));
    hold(bytes.length);
    newest = index;
    int limit = budget.share(limitBytes);
    while (heldBytes > limit) {
      forgetOldest(array);
    }
  }

  /**
   * The batch that holds a number, if it is still here; looked for at the hinted index and the next
   * one first.
   */
  @Nullable Stored find(long seq, long hint) {
    AtomicReferenceArray<@Nullable Stored> array = slots;
    if (array == null) {
      return null;
    }
    long high = newest;
    long low = Math.max(0, high - SLOTS + 1);
    for (long index = hint; index <= hint + 1; index++) {
      Stored stored = index >= low && index <= high ? at(array, index) : null;
      if (stored != null && stored.firstSeq <= seq && seq <= stored.lastSeq) {
        return stored;
      }
    }
    while (low <= high) {
      long middle = (low + high) >>> 1;
      Stored stored = at(array, middle);
      // Forgotten from the oldest on: one that is gone is older than all that are here.
      if (stored == null || stored.lastSeq < seq) {
        low = middle + 1;
      } else if (stored.firstSeq > seq) {
        high = middle - 1;
      } else {
        return stored;
      }
    }
    return null;
  }

  /** The batch after this one, if it is here. */
  @Nullable Stored after(Stored stored) {
    AtomicReferenceArray<@Nullable Stored> array = slots;
    return array == null || stored.index >= newest ? null : at(array, stored.index + 1);
  }

  /** Forgets everything if nothing was added since the last call. Under the writing lock. */
  void trimWhenIdle() {
    if (newestAtLastTrim == newest) {
      clear();
    }
    newestAtLastTrim = newest;
  }

  /** Forgets everything. Under the writing lock. */
  void clear() {
    AtomicReferenceArray<@Nullable Stored> array = slots;
    while (array != null && oldest <= newest) {
      forgetOldest(array);
    }
    slots = null;
  }

  /** Under the writing lock. */
  long heldBytes() {
    return heldBytes;
  }

  private void forgetOldest(AtomicReferenceArray<@Nullable Stored> array) {
    Stored forgotten = array.getAndSet(slot(oldest), null);
    oldest++;
    if (forgotten != null) {
      hold(-forgotten.bytes.length);
    }
  }

  private void hold(int bytes) {
    heldBytes += bytes;
    budget.heldBytes.addAndGet(bytes);
  }

  private static @Nullable Stored at(AtomicReferenceArray<@Nullable Stored> array, long index) {
    Stored stored = array.get(slot(index));
    return stored != null && stored.index == index ? stored : null;
  }

  private static int slot(long index) {
    return (int) (index & (SLOTS - 1));
  }
}

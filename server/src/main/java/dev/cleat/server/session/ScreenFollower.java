package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.server.session.ScreenDrawing.Checkpoint;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a session's journal, like any other reader, and draws what its terminal shows; while
 * somebody wants to know, and no longer. A session nobody asks a picture of has no thread here and
 * no screen, and draws nothing. What was drawn once is kept for the next who asks: the screen for a
 * while, and then only what draws it again.
 *
 * <p>Thread-safe. One virtual thread draws; it never takes the session's lock to do so. It stands
 * back for those who bring the output to the clients: after each batch it rests for as long as that
 * took, unless somebody waits for it. And it shares the processors: see {@link DrawingTurn}.
 */
final class ScreenFollower {
  private static final Logger LOG = LoggerFactory.getLogger(ScreenFollower.class);
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final long REST_NANOS = 2_000_000;

  /** How long a screen is kept that nobody asks for. */
  static final Duration KEPT = Duration.ofSeconds(60);

  /** Who wants to know whenever more has been drawn. */
  interface Observer {
    /**
     * More has been drawn, or this observer is new. Called on the follower's thread, without the
     * session's lock; nothing is drawn meanwhile. May still be called once after {@link #release}.
     */
    void drawn(Drawn drawn);
  }

  /**
   * A picture: what events 1 to {@code seq} drew, and none after it.
   *
   * @param screen good only while its reader is called
   * @param outputOffset the offset of the first byte of output that is not in it
   * @param time when event {@code seq} was appended
   * @param incomplete whether some of what it rests on is not in the journal any more
   */
  record Drawn(
      TerminalScreen screen, long seq, long outputOffset, Instant time, boolean incomplete) {}

  private final SessionKey key;
  private final Journal journal;
  private final Supplier<TerminalSize> size;
  private final Duration kept;

  /**
   * Held while something is drawn and while the picture is looked at. Fair: who draws all the time
   * would otherwise keep out who wants to look.
   */
  private final ReentrantLock drawing = new ReentrantLock(true);

  // Guarded by this, which is never held over any wait or drawing: it may be taken with the
  // session's lock held.
  private final List<Observer> observers = new CopyOnWriteArrayList<>();
  private int callers;
  private boolean news;
  private @Nullable Follow follow;
  private Checkpoint checkpoint = Checkpoint.BEGINNING;

  /**
   * A follower that does nothing yet.
   *
   * @param size the size that the session's terminal has now; may take the session's lock
   * @param kept how long a screen is kept that nobody asks for
   */
  ScreenFollower(SessionKey key, Journal journal, Supplier<TerminalSize> size, Duration kept) {
    this.key = key;
    this.journal = journal;
    this.size = size;
    this.kept = kept;
  }

  /**
   * Waits until everything up to a number is drawn, and looks at the picture. Must not be called
   * with the session's lock held: what observers do may wait for that.
   *
   * @param reading what to make of the picture, which may be newer than asked for; nothing is drawn
   *     meanwhile
   * @throws Refusal DEADLINE_EXCEEDED when that takes longer than the patience; what was drawn is
   *     kept, so it is worth to try again
   */
  <T> T at(long seq, Duration patience, Function<Drawn, T> reading) throws InterruptedException {
    return poll(seq, patience, reading)
        .orElseThrow(() ->
            Refusal.of(
                    Code.DEADLINE_EXCEEDED,
                    ErrorReason.ERROR_REASON_UNSPECIFIED,
                    "the screen has not been drawn in time; try again")
                .with("session_id", key.id()));
  }

  /** Like {@link #at}, but empty when that takes too long. */
  <T> Optional<T> poll(long seq, Duration patience, Function<Drawn, T> reading)
      throws InterruptedException {
    final long deadline = System.nanoTime() + patience.toNanos();
    final Follow following = come(true);
    try {
      if (!following.awaitDrawn(seq, deadline)
          || !drawing.tryLock(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return Optional.empty();
      }
      try {
        return Optional.of(reading.apply(following.drawn()));
      } finally {
        drawing.unlock();
      }
    } finally {
      goAgain();
    }
  }

  /** Keeps the picture up to date and tells of it, until {@link #release}. Never waits. */
  synchronized void hold(Observer observer) {
    observers.add(observer);
    news = true;
    come(false);
  }

  /** Ends a {@link #hold}. Never waits. */
  synchronized void release(Observer observer) {
    observers.remove(observer);
    wake();
  }

  /** Whether there is a thread that draws, or would at once. */
  synchronized boolean isFollowing() {
    return follow != null;
  }

  private synchronized Follow come(boolean caller) {
    if (caller) {
      callers++;
    }
    Follow following = follow;
    if (following == null) {
      following = new Follow(checkpoint);
      follow = following;
      Thread.ofVirtual().name("cleat-screen-" + key).start(following);
    }
    wake();
    return following;
  }

  private synchronized void goAgain() {
    callers--;
    wake();
  }

  private synchronized void wake() {
    notifyAll();
    if (follow != null) {
      follow.wake();
    }
  }

  private synchronized boolean isWanted() {
    return callers > 0 || !observers.isEmpty();
  }

  private synchronized boolean isAwaited() {
    return callers > 0;
  }

  private synchronized boolean isNews() {
    return news;
  }

  private synchronized void told() {
    news = false;
  }

  /** Waits until somebody wants the picture; false when nobody does for long. */
  private synchronized boolean awaitWanted() throws InterruptedException {
    final long until = System.nanoTime() + kept.toNanos();
    while (!isWanted()) {
      final long left = (until - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** Ends the following, if it still is not wanted. */
  private synchronized boolean end(Checkpoint here) {
    if (isWanted()) {
      return false;
    }
    checkpoint = here;
    follow = null;
    return true;
  }

  private synchronized void ended(Follow following) {
    if (follow == following) {
      follow = null;
    }
  }

  /** The thread that draws, from its start to its end. */
  private final class Follow implements Runnable {
    private final Checkpoint from;
    private volatile @Nullable ScreenDrawing picture;

    // Guarded by this object, and not by drawing: that may be held for longer than anybody waits.
    private long drawnSeq = -1;
    private @Nullable RuntimeException over;

    Follow(Checkpoint from) {
      this.from = from;
    }

    /** Waits until everything up to a number is drawn; false if that takes too long. */
    synchronized boolean awaitDrawn(long seq, long deadline) throws InterruptedException {
      while (over == null && drawnSeq < seq) {
        final long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
      if (over != null) {
        throw over;
      }
      return true;
    }

    private synchronized void hasDrawn(long seq) {
      drawnSeq = seq;
      notifyAll();
    }

    /** Confined to {@code drawing}. */
    Drawn drawn() {
      final ScreenDrawing mine = picture;
      if (mine == null) {
        throw new IllegalStateException("nothing has been drawn");
      }
      return mine.drawn();
    }

    void wake() {
      final ScreenDrawing mine = picture;
      if (mine != null) {
        mine.wake();
      }
    }

    @Override
    public void run() {
      LogFields.session(key.tenant(), key.id());
      try (ScreenDrawing mine = new ScreenDrawing(key.text(), journal, size, from)) {
        begin(mine);
        boolean more = true;
        while (more) {
          more = isWanted() ? step(mine) : stay(mine);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        over(new IllegalStateException("interrupted", e));
      } catch (RuntimeException e) {
        LOG.error("Session {}: its screen cannot be drawn", key, e);
        over(new IllegalStateException("the screen cannot be drawn", e));
      }
    }

    private void begin(ScreenDrawing mine) {
      picture = mine;
      // What was kept may be all that somebody waits for.
      hasDrawn(mine.seq());
    }

    private void over(RuntimeException why) {
      ended(this);
      synchronized (this) {
        over = why;
        notifyAll();
      }
    }

    /** Stands by, with what has been drawn. */
    private boolean stay(ScreenDrawing mine) throws InterruptedException {
      mine.rest();
      // Those who look may still be at it: what they read must not be changed by reading it too.
      return awaitWanted() || !end(checkpoint(mine));
    }

    private Checkpoint checkpoint(ScreenDrawing mine) {
      drawing.lock();
      try {
        return mine.checkpoint();
      } finally {
        drawing.unlock();
      }
    }

    private boolean step(ScreenDrawing mine) throws InterruptedException {
      final long began = System.nanoTime();
      final Step step;
      try {
        step = draw(mine);
      } catch (IOException e) {
        LOG.warn("The journal of session {} cannot be read; trying again", key, e);
        mine.await(RETRY);
        return true;
      }
      switch (step) {
        case Batch _ -> rest(System.nanoTime() - began);
        case Step.Gap _ -> {}
        case Step.AtHead _ -> mine.await(LONGEST_WAIT);
        case Step.Closed(boolean deleted) -> {
          over(deleted ? Refusal.noSession("session_id", key.id()) : Refusal.storageUnavailable());
          return false;
        }
      }
      return true;
    }

    private Step draw(ScreenDrawing mine) throws IOException {
      drawing.lock();
      try {
        final Step step = mine.draw();
        final boolean more = step instanceof Batch || step instanceof Step.Gap;
        if (more) {
          hasDrawn(mine.seq());
        }
        if (more || (step instanceof Step.AtHead && isNews())) {
          tell(mine);
        }
        return step;
      } finally {
        drawing.unlock();
      }
    }

    private void rest(long nanos) {
      // Even where somebody waits, others on this thread's carrier get their turn.
      LockSupport.parkNanos(isAwaited() ? 1 : REST_NANOS + nanos);
    }

    private void tell(ScreenDrawing mine) {
      told();
      for (Observer observer : observers) {
        try {
          observer.drawn(mine.drawn());
        } catch (RuntimeException e) {
          LOG.error("Session {}: an observer of its screen failed", key, e);
        }
      }
    }
  }
}

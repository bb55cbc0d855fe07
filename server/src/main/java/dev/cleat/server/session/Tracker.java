package dev.cleat.server.session;

import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.reader.EventBytes;
import dev.cleat.server.reader.Mark;
import dev.cleat.server.reader.MarkParser;
import dev.cleat.server.telemetry.LogFields;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the output of one run of a session's process through the journal, like any other reader,
 * and tells the session what it finds: marks, titles, silence. It also is the session's sense of
 * time: whatever a turn waits for, it wakes up for.
 *
 * <p>One virtual thread, which others need not wait for, whatever is printed and however much of
 * it: see {@link Breather}. What it tells it tells with the session's lock held, in the order of
 * the output. Where the session cannot write that down, for want of disk, it is told again until it
 * can.
 */
final class Tracker {
  private static final Logger LOG = LoggerFactory.getLogger(Tracker.class);
  private static final int BATCH_BYTES = 256 << 10;
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final long RETRY_MILLIS = 200;
  private static final long REST_NANOS = 2_000_000;

  /** What is told of the output. Each method is called with the session's lock held. */
  interface Sink {
    /** Nobody is told. */
    Sink NOBODY =
        new Sink() {
          @Override
          public void printed(byte[] bytes, int from, int count, Evidence first) {}

          @Override
          public void mark(Mark mark, Evidence end, Evidence start) {}

          @Override
          public @Nullable Instant tick() {
            return null;
          }

          @Override
          public boolean isAwaited() {
            return false;
          }

          @Override
          public Instant now() {
            return Instant.now();
          }
        };

    /** Bytes that are no mark. */
    void printed(byte[] bytes, int from, int count, Evidence first);

    /** A mark of the session's own shell, or one that any program may make. */
    void mark(Mark mark, Evidence end, Evidence start);

    /** Everything so far has been told; when to come again at the latest. */
    @Nullable Instant tick();

    /** Whether somebody waits for what is found. */
    boolean isAwaited();

    /** By the session's clock. Called without the lock. */
    Instant now();
  }

  /**
   * Sees all that the tracker sees, on the tracker's thread, without the session's lock. Must not
   * wait.
   */
  interface Onlooker {
    /** Nobody looks on. */
    Onlooker NOBODY = new Onlooker() {};

    /** Bytes that are no mark; they may be the beginning of one. */
    default void printed(byte[] bytes, int from, int count, Evidence first) {}

    /** A mark, of whomever. */
    default void mark(Mark mark) {}

    /** An event that is no output. */
    default void event(int kind, long seq, byte[] array, int offset, int length) {}

    /** Everything so far has been seen; when to come again at the latest. */
    default @Nullable Instant tick(Instant now) {
      return null;
    }
  }

  private final SessionKey session;
  private final SessionLock lock;
  private final Sink sink;
  private final Onlooker onlooker;
  private final Journal journal;
  private final Cursor cursor;
  private final Optional<String> aid;
  private final @Nullable TerminalQueries queries;
  private final MarkParser parser = new MarkParser();
  private final EventBytes event = new EventBytes();
  private final List<Mark> marks = new ArrayList<>();
  private final Breather breather = new Breather();
  private long outputSeqBefore;
  private long told;
  private boolean replays;
  private boolean stopped;
  private boolean restless;

  /**
   * A tracker that has not started.
   *
   * @param fromSeq the event to begin with
   * @param aid what the marks of the session's shell carry
   * @param queries what the terminal is asked; null where nobody waits for answers
   */
  Tracker(
      SessionKey session,
      Journal journal,
      long fromSeq,
      Optional<String> aid,
      SessionLock lock,
      Sink sink,
      Onlooker onlooker,
      @Nullable TerminalQueries queries) {
    this.session = session;
    this.lock = lock;
    this.queries = queries;
    this.sink = sink;
    this.onlooker = onlooker;
    this.aid = aid;
    this.journal = journal;
    this.cursor = journal.cursorFrom(fromSeq);
    this.outputSeqBefore = fromSeq;
    this.told = fromSeq - 1; // a process that never prints has nothing more to be told
  }

  void start() {
    Thread.ofVirtual().name("cleat-tracker-" + session).start(this::run);
  }

  /**
   * Goes through what there is, on the calling thread, and ends.
   *
   * @throws Refusal where something cannot be written down: nobody waits for room then
   */
  void replay() throws IOException {
    replays = true;
    try (cursor) {
      while (true) {
        final Step step = cursor.poll(BATCH_BYTES);
        if (step instanceof Batch batch) {
          tell(batch);
        } else if (!(step instanceof Step.Gap)) {
          return;
        }
      }
    }
  }

  private void run() {
    LogFields.session(session.tenant(), session.id());
    try (cursor) {
      boolean more = true;
      while (more && !isStopped()) {
        more = step();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("The tracker of session {} failed; its turns stand still", session, e);
    } finally {
      told(Long.MAX_VALUE);
    }
  }

  private boolean step() throws InterruptedException {
    final Step step;
    try {
      step = cursor.poll(BATCH_BYTES);
    } catch (IOException e) {
      LOG.warn("The journal of session {} cannot be read; trying again", session, e);
      cursor.await(Duration.ofMillis(RETRY_MILLIS));
      return true;
    }
    switch (step) {
      case Batch batch -> {
        if (isStopped()) {
          // It may be the output of another process already.
          return false;
        }
        tell(batch);
        told(batch.lastSeq());
        restless = true;
      }
      case Step.Gap gap -> told(gap.toSeq());
      case Step.Closed _ -> {
        return false;
      }
      case Step.AtHead _ -> {
        final Duration again = queries == null ? null : queries.answer(cursor.position() - 1);
        final Instant next = tick();
        if (restless && !lock.locked(sink::isAwaited)) {
          // It looks at the output in gulps, and leaves the processor to those who bring that to
          // the clients.
          restless = false;
          LockSupport.parkNanos(REST_NANOS);
          breather.rested();
          return true;
        }
        Duration wait =
            next == null ? LONGEST_WAIT : Duration.between(sink.now(), next).plusMillis(1);
        if (again != null && again.compareTo(wait) < 0) {
          wait = again;
        }
        if (wait.isPositive()) {
          cursor.await(wait);
          breather.rested();
        }
      }
    }
    return true;
  }

  private @Nullable Instant tick() {
    final Instant[] next = new Instant[1];
    retried(() -> next[0] = sink.tick());
    final Instant other = onlooker.tick(sink.now());
    return next[0] == null || (other != null && other.isBefore(next[0])) ? other : next[0];
  }

  private void tell(Batch batch) {
    batch.forEach(this::event);
  }

  private void event(long seq, byte[] array, int offset, int length) {
    event.read(array, offset, length);
    if (!event.isOutput()) {
      onlooker.event(event.kind(), seq, array, offset, length);
      return;
    }
    final Instant time = Instant.ofEpochSecond(event.seconds(), event.nanos());
    final long begin = event.outputOffset();
    final long end = begin + event.dataLength();
    if (queries != null) {
      queries.feed(begin, event.array(), event.dataFrom(), event.dataLength());
    }
    marks.clear();
    parser.feed(begin, array, event.dataFrom(), event.dataLength(), marks::add);
    long at = begin;
    for (Mark mark : marks) {
      printed(at, mark.start(), begin, seq, time);
      // What lies before the mark may end with the event before this one, what lies behind it may
      // begin with the next.
      final Evidence before =
          new Evidence(mark.start(), mark.start() > begin ? seq : outputSeqBefore, time);
      final Evidence behind = new Evidence(mark.end(), mark.end() < end ? seq : seq + 1, time);
      if (concernsUs(mark)) {
        if (queries != null && mark instanceof Mark.Shell shell) {
          queries.marked(shell);
        }
        retried(() -> sink.mark(mark, before, behind));
      }
      onlooker.mark(mark);
      at = mark.end();
      breather.step();
    }
    printed(at, end, begin, seq, time);
    outputSeqBefore = seq;
    breather.step();
  }

  private void printed(long from, long to, long begin, long seq, Instant time) {
    final long start = Math.max(from, begin);
    if (start < to) {
      final byte[] array = event.array();
      final int index = event.dataFrom() + (int) (start - begin);
      final int count = (int) (to - start);
      final Evidence first = new Evidence(start, seq, time);
      retried(() -> sink.printed(array, index, count, first));
      onlooker.printed(array, index, count, first);
    }
  }

  private boolean concernsUs(Mark mark) {
    return !(mark instanceof Mark.Shell shell) || Optional.ofNullable(shell.aid()).equals(aid);
  }

  /** Runs a step with the session's lock held, until it succeeds. */
  private void retried(Runnable step) {
    while (true) {
      try {
        lock.locked(step);
        return;
      } catch (Refusal e) {
        if (replays) {
          throw e;
        }
        if (isStopped()) {
          return;
        }
        pause();
      }
    }
  }

  private synchronized void pause() {
    final long until = System.nanoTime() + RETRY_MILLIS * 1_000_000;
    try {
      for (long left = RETRY_MILLIS; left > 0 && !stopped; ) {
        wait(left);
        left = (until - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stopped = true;
    }
  }

  private synchronized void told(long seq) {
    told = Math.max(told, seq);
    notifyAll();
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  /** Something has changed that is not in the journal: look at the time again. */
  void wake() {
    cursor.wake();
  }

  /** Ends the tracker. What is appended once this has returned it does not tell. */
  synchronized void end() {
    stopped = true;
    notifyAll();
    cursor.wake();
  }

  /** Waits until everything that is there by now has been told, if that does not take too long. */
  void awaitTold(Duration patience) throws InterruptedException {
    awaitTold(journal.head(), System.nanoTime() + patience.toNanos());
  }

  private synchronized void awaitTold(long seq, long deadline) throws InterruptedException {
    while (told < seq) {
      final long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      wait(left);
    }
  }

  /**
   * Waits until everything up to a number has been told, and ends the tracker.
   *
   * @return false if that took too long
   */
  boolean finish(long seq, Duration patience) throws InterruptedException {
    final long deadline = System.nanoTime() + patience.toNanos();
    synchronized (this) {
      awaitTold(seq, deadline);
      stopped = true;
      notifyAll();
    }
    cursor.wake();
    return told >= seq;
  }
}

package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Attached;
import dev.cleat.v1.Input;
import dev.cleat.v1.InputAck;
import dev.cleat.v1.TerminalSize;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The input of one attachment, applied exactly once: numbered from 1 under a random writer id, kept
 * until acknowledged, sent again after a cut from where the server says it is.
 *
 * <p>Safe for use by any thread. {@code lock} guards all state and is held while writing to the
 * call, which never blocks: the call is written to only while it is ready. Whole sends come one
 * after the other under {@code sending}, which is taken before {@code lock}. Futures are completed
 * by other threads, so that no caller's code runs under a lock or on the connection's thread.
 */
final class InputWriter {
  /**
   * The server takes 1 MiB a message; smaller pieces are acknowledged sooner and let a resize pass
   * between them.
   */
  static final int PIECE_BYTES = 64 << 10;

  /** What opening a stream meant for the input. */
  sealed interface Resumption {
    /** It goes on. */
    record GoesOn() implements Resumption {}

    /**
     * The server does not know the writer any more; nothing is in doubt. Attach again under the new
     * id.
     */
    record Renewed() implements Resumption {}

    /** The same, and input is in doubt. */
    record Uncertain(InputUncertainException failure) implements Resumption {}
  }

  private final int limitBytes;
  private final Executor completions;
  private final ReentrantLock sending = new ReentrantLock(true);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  private final Deque<InputPiece> sent =
      new ArrayDeque<>(); // on the current call, not acknowledged
  private final Deque<InputPiece> waiting = new ArrayDeque<>(); // behind them
  private long pendingBytes; // of both
  private String writerId = UUID.randomUUID().toString();
  private long nextSeq = 1;
  private int losses; // how often input became uncertain
  private @Nullable InputUncertainException lastLoss;
  private long failures; // how many pieces were not applied, or may not have been
  private long flushedFailures; // how many of them a flush has thrown
  private @Nullable CleatException unflushed; // the first that none had thrown
  private @Nullable TerminalSize size;
  private boolean sizeUnsent;
  private @Nullable StreamCall<AttachRequest, AttachResponse> call;
  private @Nullable CleatException closed;
  private @Nullable CleatException cutShort; // closed before all was acknowledged

  InputWriter(int limitBytes, @Nullable TerminalSize size, Executor completions) {
    this.limitBytes = limitBytes;
    this.completions = completions;
    this.size = size;
  }

  /**
   * Queues input, waiting for room. What fits the buffer is queued whole or not at all; more goes
   * in by and by.
   *
   * @param applied completed when the last byte was applied
   */
  void send(ByteString data, Duration wait, CompletableFuture<Void> applied) {
    long end = System.nanoTime() + Math.min(Times.nanos(wait), Long.MAX_VALUE / 2);
    try {
      if (!sending.tryLock(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        throw full();
      }
      try {
        queueAll(data, applied, end);
      } finally {
        sending.unlock();
      }
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    }
  }

  private void queueAll(ByteString data, CompletableFuture<Void> applied, long end)
      throws InterruptedException {
    lock.lock();
    try {
      if (data.isEmpty()) {
        checkOpen();
        applied.complete(null);
        return;
      }
      InputPiece.Send send = new InputPiece.Send(applied);
      int lossesBefore = losses;
      if (data.size() <= limitBytes) {
        awaitRoom(data.size(), end, lossesBefore);
      }
      for (int from = 0; from < data.size(); from += PIECE_BYTES) {
        int to = Math.min(data.size(), from + PIECE_BYTES);
        if (data.size() > limitBytes) {
          awaitRoom(to - from, end, lossesBefore);
        }
        waiting.add(new InputPiece(nextSeq++, data.substring(from, to), send, to == data.size()));
        pendingBytes += to - from;
        drain();
      }
    } finally {
      lock.unlock();
    }
  }

  private void awaitRoom(int bytes, long end, int lossesBefore) throws InterruptedException {
    for (; ; ) {
      checkOpen();
      if (losses != lossesBefore && lastLoss != null) {
        throw lastLoss; // the rest of this send would be typed without its beginning
      }
      if (pendingBytes == 0 || pendingBytes + bytes <= limitBytes) {
        return;
      }
      if (end - System.nanoTime() <= 0) {
        throw full();
      }
      changed.awaitNanos(end - System.nanoTime());
    }
  }

  /**
   * Waits until all that was queued has been applied. Throws the first failure since the last flush
   * that threw one; flushes at the same time all throw it.
   */
  boolean flush(Duration wait) {
    long end = System.nanoTime() + Math.min(Times.nanos(wait), Long.MAX_VALUE / 2);
    lock.lock();
    try {
      long flushedBefore = flushedFailures;
      for (; ; ) {
        if (failures > flushedBefore && unflushed != null) {
          flushedFailures = failures;
          throw unflushed;
        }
        if (cutShort != null) {
          throw cutShort; // every time: nothing else can be sent any more
        }
        if (pendingBytes == 0) {
          return true;
        }
        if (end - System.nanoTime() <= 0) {
          return false;
        }
        changed.awaitNanos(end - System.nanoTime());
      }
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  /** The window has another size; only the newest counts. */
  void resize(TerminalSize newSize) {
    lock.lock();
    try {
      checkOpen();
      size = newSize;
      sizeUnsent = true;
      drain();
    } finally {
      lock.unlock();
    }
  }

  /** Says in the request who writes. */
  void introduce(AttachOpen.Builder open) {
    lock.lock();
    try {
      open.setWriterId(writerId);
      if (size != null) {
        open.setSize(size);
      }
      sizeUnsent = false;
    } finally {
      lock.unlock();
    }
  }

  /** A stream of this writer's is open: what it has not seen is sent on it. */
  Resumption opened(StreamCall<AttachRequest, AttachResponse> newCall, Attached attached) {
    lock.lock();
    try {
      long expectedSeq = attached.getNextInputSeq();
      long first = waiting.isEmpty() ? nextSeq : waiting.getFirst().seq;
      if (expectedSeq < 1 || expectedSeq > nextSeq) {
        throw CleatException.violation(
            "input " + expectedSeq + " is expected; there is 1 to " + (nextSeq - 1));
      }
      boolean forgotten = !attached.getKnownWriter() && expectedSeq == 1;
      if (expectedSeq < first || (forgotten && waiting.stream().anyMatch(p -> p.written))) {
        return startOver();
      }
      while (!waiting.isEmpty() && waiting.getFirst().seq < expectedSeq) {
        InputPiece piece = waiting.removeFirst();
        if (piece.isIn(attached.getDiscardedInputList())) {
          discarded(piece);
        } else {
          applied(piece);
        }
      }
      if (closed == null) {
        call = newCall;
        drain();
      }
      return new Resumption.GoesOn();
    } finally {
      lock.unlock();
    }
  }

  private Resumption startOver() {
    writerId = UUID.randomUUID().toString();
    nextSeq = 1;
    long uncertain = waiting.stream().filter(p -> p.written).mapToLong(p -> p.data.size()).sum();
    if (uncertain == 0) {
      for (InputPiece piece : waiting) {
        piece.seq = nextSeq++;
      }
      return new Resumption.Renewed();
    }
    InputUncertainException failure =
        new InputUncertainException(uncertain, pendingBytes - uncertain);
    losses++;
    lastLoss = failure;
    failAll(failure);
    return new Resumption.Uncertain(failure);
  }

  /**
   * Takes an acknowledgement that came on a call; one from a call before the current one says
   * nothing new.
   */
  void acknowledged(InputAck ack, @Nullable StreamCall<AttachRequest, AttachResponse> from) {
    lock.lock();
    try {
      while (call == from && !sent.isEmpty() && sent.getFirst().seq <= ack.getInputSeq()) {
        InputPiece piece = sent.removeFirst();
        if (ack.getDiscarded()) {
          discarded(piece);
        } else {
          applied(piece);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** The call has room again. */
  void ready() {
    lock.lock();
    try {
      drain();
    } finally {
      lock.unlock();
    }
  }

  /** The call is over: what it did not acknowledge waits for the next. */
  void hungUp() {
    lock.lock();
    try {
      call = null;
      while (!sent.isEmpty()) {
        waiting.addFirst(sent.removeLast());
      }
    } finally {
      lock.unlock();
    }
  }

  /** No more input; what was not acknowledged fails with this. */
  void close(CleatException why) {
    lock.lock();
    try {
      if (closed == null) {
        closed = why;
        call = null;
        cutShort = pendingBytes > 0 ? why : null;
        failAll(why);
      }
    } finally {
      lock.unlock();
    }
  }

  private void drain() {
    StreamCall<AttachRequest, AttachResponse> to = call;
    while (to != null && (sizeUnsent || !waiting.isEmpty()) && to.isReady()) {
      if (sizeUnsent && size != null) {
        to.send(AttachRequest.newBuilder().setResize(size).build());
        sizeUnsent = false;
        continue;
      }
      InputPiece piece = waiting.removeFirst();
      piece.written = true;
      sent.add(piece);
      to.send(
          AttachRequest.newBuilder()
              .setInput(Input.newBuilder().setInputSeq(piece.seq).setData(piece.data))
              .build());
    }
  }

  private void applied(InputPiece piece) {
    release(piece);
    InputPiece.Send send = piece.of;
    if (piece.last && !send.failed) {
      completions.execute(() -> send.applied.complete(null));
    }
  }

  private void discarded(InputPiece piece) {
    release(piece);
    fail(
        piece,
        new CleatException(
            Code.FAILED_PRECONDITION,
            CleatException.INPUT_DISCARDED,
            "the session had no process to take the input",
            null));
  }

  private void failAll(CleatException why) {
    List<InputPiece> pieces = new ArrayList<>(sent);
    pieces.addAll(waiting);
    sent.clear();
    waiting.clear();
    for (InputPiece piece : pieces) {
      release(piece);
      fail(piece, why);
    }
    changed.signalAll();
  }

  private void release(InputPiece piece) {
    pendingBytes -= piece.data.size();
    changed.signalAll();
  }

  private void fail(InputPiece piece, CleatException why) {
    if (failures == flushedFailures) {
      unflushed = why;
    }
    failures++;
    InputPiece.Send send = piece.of;
    if (!send.failed) {
      send.failed = true;
      completions.execute(() -> send.applied.completeExceptionally(why));
    }
  }

  private void checkOpen() {
    if (closed != null) {
      throw closed;
    }
  }

  private CleatException full() {
    return new CleatException(
        Code.RESOURCE_EXHAUSTED,
        "INPUT_FULL",
        "input is not taken as fast as it comes; more than " + limitBytes + " bytes would wait",
        null);
  }
}

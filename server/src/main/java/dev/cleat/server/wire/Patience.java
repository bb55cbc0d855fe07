package dev.cleat.server.wire;

import com.google.protobuf.MessageLite;
import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Ends calls that wait for their client and nothing else: for a request that has not come, or has
 * come in part, and for an answer to be taken. They get so much time; when all of them together
 * hold more memory than they may, those that have waited longest end at once. A stream may wait for
 * its client as long as there is memory: of what it has sent, it holds the message that the client
 * does not let it send whole. Thread-safe.
 */
public final class Patience extends ServerStreamTracer.Factory implements ServerInterceptor {
  private static final Context.Key<Waiting> CALL = Context.key("cleat-patience");

  /** What a piece of a request takes beside its bytes, which may be one. */
  private static final int PIECE_COST = 256;

  private static final long LONGEST_LEAVING_NANOS = Duration.ofSeconds(10).toNanos();

  private final Bounds bounds;
  private final long patienceNanos;
  private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
  private final Set<Waiting> blocked = ConcurrentHashMap.newKeySet();
  private final AtomicLong held = new AtomicLong();

  private final ReentrantLock roomLock = new ReentrantLock();
  private final Condition room = roomLock.newCondition();
  private final AtomicInteger senders = new AtomicInteger();

  /** Of what is held, what calls hold that have been told to end. */
  private final AtomicLong leaving = new AtomicLong();

  private final Counter ended =
      new Counter(
          "cleat_slow_calls_ended",
          "Calls that ended because their client was slow with its request, or in taking the"
              + " answer: for too long, or with too much memory held by all of them.",
          "reason");
  private final LongAdder late = ended.of("time");
  private final LongAdder large = ended.of("memory");

  /**
   * Patience of this length.
   *
   * @param patience with one message
   */
  public Patience(Bounds bounds, Duration patience) {
    this.bounds = bounds;
    this.patienceNanos = patience.toNanos();
  }

  /** What it measures. */
  public List<Meter> meters() {
    return List.of(
        new Gauge(
            "cleat_slow_calls",
            "Calls that wait for their client's request, or for it to take the answer.",
            waiting::size),
        new Gauge(
            "cleat_blocked_streams",
            "Streams that wait for their client to take what was sent.",
            blocked::size),
        new Gauge(
            "cleat_slow_calls_held_bytes",
            "What has come of the requests of slow calls and blocked streams, and what nobody has"
                + " taken of their answers.",
            held::get),
        ended);
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
    return new Waiting();
  }

  /**
   * Has each message reserve its memory before it takes it, and whoever is about to send wait while
   * there is no room; and sees when a stream may not send more, and when it may again.
   */
  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    final Waiting waits = CALL.get();
    if (waits == null) {
      return next.startCall(call, headers);
    }
    final ServerCall<Q, R> watched =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendMessage(R message) {
            final int size = size(message);
            reserve(size);
            boolean takes = false;
            try {
              super.sendMessage(message);
              takes = true;
            } finally {
              if (!takes || (!waits.unary && isReady())) {
                giveBack(size);
              } else if (waits.unary) {
                waits.answered(size);
              } else {
                waits.block(size);
              }
            }
            if (!waits.unary && isReady()) {
              waits.unblock();
            }
          }
        };
    return new SimpleForwardingServerCallListener<>(next.startCall(watched, headers)) {
      @Override
      public void onReady() {
        if (watched.isReady()) {
          waits.unblock();
        }
        super.onReady();
      }
    };
  }

  private static int size(Object message) {
    try {
      return switch (message) {
        case MessageLite known -> known.getSerializedSize();
        case KnownLength known -> known.available();
        default -> throw new IllegalArgumentException(message.getClass() + " has no known length");
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Holds what a message is about to take. The wait for room is short: the oldest are told to end,
   * and the event loops only have to get to it. They themselves do not wait.
   */
  private void reserve(int size) {
    if (tryReserve(size)) {
      return;
    }
    if (!Thread.currentThread().isVirtual()) {
      hold(size);
      return;
    }
    roomLock.lock();
    senders.incrementAndGet();
    try {
      long left = LONGEST_LEAVING_NANOS;
      while (!tryReserve(size)) {
        makeRoom(needed(size));
        if (left <= 0) {
          hold(size);
          return;
        }
        left = room.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      hold(size);
    } finally {
      senders.decrementAndGet();
      roomLock.unlock();
    }
  }

  private boolean tryReserve(int size) {
    final long most = bounds.heldBytes() - needed(size);
    long before;
    do {
      before = held.get();
      if (before > most) {
        return false;
      }
    } while (!held.compareAndSet(before, before + size));
    return true;
  }

  /** A message larger than all that may be held passes when half of it is free. */
  private long needed(int size) {
    return Math.min(size, bounds.heldBytes() / 2);
  }

  private void hold(long count) {
    if (held.addAndGet(count) > bounds.heldBytes()) {
      makeRoom(0);
    }
  }

  private void giveBack(long count) {
    held.addAndGet(-count);
    tellSenders();
  }

  /** There is room, or somebody who can make it. */
  private void tellSenders() {
    if (senders.get() > 0) {
      roomLock.lock();
      try {
        room.signalAll();
      } finally {
        roomLock.unlock();
      }
    }
  }

  /** Ends those that have waited too long. To be called now and then. */
  public void sweep() {
    final long now = System.nanoTime();
    // Whoever makes room meanwhile would see such a call half on its way out.
    roomLock.lock();
    try {
      for (Waiting call : waiting) {
        if (now - call.since > patienceNanos) {
          late.increment();
          call.end("the request did not come, or its answer was not taken, in time");
        }
      }
    } finally {
      roomLock.unlock();
    }
  }

  /** Ends the oldest until the others hold less than they may, and so much less. */
  private void makeRoom(long wanted) {
    roomLock.lock();
    try {
      long surplus = held.get() - leaving.get() + wanted - bounds.heldBytes();
      if (surplus <= 0) {
        return;
      }
      for (Waiting call : oldest()) {
        surplus -= call.bytes();
        large.increment();
        call.end("too much is on its way to slow clients, or from them");
        if (surplus <= 0) {
          return;
        }
      }
    } finally {
      roomLock.unlock();
    }
  }

  /** A call, and how it stood when it was looked at: sorting must not see that change. */
  private record Aged(Waiting call, long since) {}

  private List<Waiting> oldest() {
    final long now = System.nanoTime();
    return Stream.concat(waiting.stream(), blocked.stream())
        .distinct()
        .filter(call -> call.bytes() > 0)
        .map(call -> new Aged(call, call.since() - now))
        .sorted(Comparator.comparingLong(Aged::since))
        .map(Aged::call)
        .toList();
  }

  /**
   * A call, waiting or not. What comes in is told on the event loop, what goes out on the call's
   * thread.
   */
  private final class Waiting extends ServerStreamTracer {
    private final AtomicLong bytes = new AtomicLong();
    private volatile long since = System.nanoTime();
    private final AtomicLong unsent = new AtomicLong();
    private volatile long unsentSince = since;
    private volatile boolean unary;
    private final AtomicLong told = new AtomicLong();
    private volatile boolean ending;
    private volatile boolean closed;
    private Context.@Nullable CancellableContext context;

    @Override
    public Context filterContext(Context outer) {
      final Context.CancellableContext cancellable = outer.withValue(CALL, this).withCancellation();
      context = cancellable;
      waiting.add(this);
      return cancellable;
    }

    @Override
    public void serverCallStarted(ServerCallInfo<?, ?> call) {
      unary = call.getMethodDescriptor().getType() == MethodType.UNARY;
    }

    @Override
    public void inboundWireSize(long count) {
      keep(count + PIECE_COST);
      hold(count + PIECE_COST);
      releaseIfClosed();
    }

    @Override
    public void inboundMessageRead(int number, long wireSize, long size) {
      release();
    }

    @Override
    public void streamClosed(Status status) {
      closed = true;
      releaseAll();
    }

    long bytes() {
      return bytes.get() + unsent.get();
    }

    /** Since when the oldest of it waits. */
    long since() {
      final long request = since;
      final long answer = unsentSince;
      return bytes.get() > 0 && (unsent.get() == 0 || request - answer < 0) ? request : answer;
    }

    private void keep(long count) {
      if (bytes.getAndAdd(count) == 0 && !ending) {
        since = System.nanoTime();
        waiting.add(this);
      }
    }

    private void releaseIfClosed() {
      if (closed) {
        releaseAll();
      }
    }

    private void releaseAll() {
      waiting.remove(this);
      blocked.remove(this);
      free(bytes.getAndSet(0) + unsent.getAndSet(0));
    }

    private void release() {
      waiting.remove(this);
      free(bytes.getAndSet(0));
    }

    /**
     * What it held is free before it is no longer among those that leave: in the other order,
     * whoever looks in between would end another for it. Whoever did look in between waits in vain
     * for it to leave, and is told after both.
     */
    private void free(long count) {
      held.addAndGet(-count);
      leaving.addAndGet(-told.getAndSet(0));
      tellSenders();
    }

    /** An answer of so many bytes, which are held already, is on its way. */
    void answered(int size) {
      keep(size);
      tellSenders();
      releaseIfClosed();
    }

    /** The last message, whose bytes are held already, is not sent whole, and no other may be. */
    void block(int size) {
      final long before = unsent.getAndSet(size);
      if (before == 0 && !ending) {
        unsentSince = System.nanoTime();
        blocked.add(this);
      }
      giveBack(before);
      releaseIfClosed();
    }

    void unblock() {
      // Whatever it holds: whoever blocks it may be between holding something and being in the set.
      blocked.remove(this);
      final long count = unsent.getAndSet(0);
      if (count > 0) {
        free(count);
      }
    }

    /** What it holds is free when its stream is closed, which is soon. */
    void end(String why) {
      ending = true;
      waiting.remove(this);
      blocked.remove(this);
      final long mine = bytes();
      told.addAndGet(mine);
      leaving.addAndGet(mine);
      final Context.CancellableContext call = context;
      if (call != null) {
        // The library ends the stream for a deadline, and for nothing else that a context says.
        final var _ = call.cancel(new TimeoutException(why));
      }
      releaseIfClosed();
    }
  }
}

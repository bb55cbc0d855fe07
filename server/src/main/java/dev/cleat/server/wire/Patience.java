package dev.cleat.server.wire;

import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Ends calls that wait for their client and nothing else: for a request that has not come, or has
 * come in part, and for an answer to be taken. They get so much time; when all of them together
 * hold more memory than they may, those that have waited longest end at once. Streams that are
 * written at their client's pace are not meant. Thread-safe.
 */
public final class Patience extends ServerStreamTracer.Factory {
  /** What a piece of a request takes beside its bytes, which may be one. */
  private static final int PIECE_COST = 256;

  private final Bounds bounds;
  private final long patienceNanos;
  private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicLong held = new AtomicLong();

  /** Of these, what calls hold that have been told to end. */
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
            "cleat_slow_calls_held_bytes",
            "What has come of their requests, and what nobody has taken of their answers.",
            held::get),
        ended);
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
    return new Waiting();
  }

  /** Ends those that have waited too long. To be called now and then. */
  public void sweep() {
    final long now = System.nanoTime();
    for (Waiting call : waiting) {
      if (now - call.since > patienceNanos) {
        late.increment();
        call.end("the request did not come, or its answer was not taken, in time");
      }
    }
  }

  /** Ends the oldest until the others hold less than they may. */
  private synchronized void makeRoom() {
    long surplus = held.get() - leaving.get() - bounds.heldBytes();
    if (surplus <= 0) {
      return;
    }
    final long now = System.nanoTime();
    final List<Waiting> oldest =
        waiting.stream()
            .filter(call -> call.bytes.get() > 0)
            .sorted(Comparator.comparingLong(call -> call.since - now))
            .toList();
    for (Waiting call : oldest) {
      if (surplus <= 0) {
        return;
      }
      surplus -= call.bytes.get();
      large.increment();
      call.end("too many requests are on their way");
    }
  }

  /**
   * A call, waiting or not. What comes in is told on the event loop, what goes out on the call's
   * thread.
   */
  private final class Waiting extends ServerStreamTracer {
    private final AtomicLong bytes = new AtomicLong();
    private volatile long since = System.nanoTime();
    private volatile boolean unary;
    private final AtomicLong told = new AtomicLong();
    private volatile boolean ending;
    private volatile boolean closed;
    private Context.@Nullable CancellableContext context;

    @Override
    public Context filterContext(Context outer) {
      final Context.CancellableContext cancellable = outer.withCancellation();
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
      hold(count + PIECE_COST);
    }

    @Override
    public void inboundMessageRead(int number, long wireSize, long size) {
      release();
    }

    @Override
    public void outboundMessageSent(int number, long wireSize, long size) {
      if (unary) {
        hold(wireSize);
      }
    }

    @Override
    public void streamClosed(Status status) {
      closed = true;
      release();
    }

    private void hold(long count) {
      if (bytes.getAndAdd(count) == 0 && !ending) {
        since = System.nanoTime();
        waiting.add(this);
      }
      if (held.addAndGet(count) > bounds.heldBytes()) {
        makeRoom();
      }
      if (closed) {
        release();
      }
    }

    private void release() {
      waiting.remove(this);
      held.addAndGet(-bytes.getAndSet(0));
      leaving.addAndGet(-told.getAndSet(0));
    }

    /** What it holds is free when its stream is closed, which is soon. */
    void end(String why) {
      ending = true;
      waiting.remove(this);
      final long mine = bytes.get();
      told.addAndGet(mine);
      leaving.addAndGet(mine);
      final Context.CancellableContext call = context;
      if (call != null) {
        // The library ends the stream for a deadline, and for nothing else that a context says.
        final var _ = call.cancel(new TimeoutException(why));
      }
      if (closed) {
        release();
      }
    }
  }
}

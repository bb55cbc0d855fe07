package dev.cleat.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One streaming call, read by one thread at its own pace: no more than {@value #WINDOW} messages
 * are fetched ahead of what it has taken.
 *
 * <p>gRPC calls back on the connection's own thread, which saves a hand-over per message; nothing
 * here blocks it. {@link #take} is for one thread; {@link #send}, {@link #isReady} are for whoever
 * holds the lock that guards the request side; {@link #cancel} is for any.
 */
final class StreamCall<Q, R> {
  /**
   * Fetched ahead: enough to keep the connection busy, little enough to be no memory worth speaking
   * of.
   */
  static final int WINDOW = 4;

  /**
   * What came.
   *
   * @param message a message, or null at the end of the call and for silence
   * @param status how the call ended, or null where it has not
   */
  record Arrival<R>(@Nullable R message, @Nullable Status status, @Nullable Metadata trailers) {}

  private final ClientCall<Q, R> call;
  private final BlockingQueue<Arrival<R>> inbox = new LinkedBlockingQueue<>();
  private volatile long lastSign = System.nanoTime();

  private StreamCall(ClientCall<Q, R> call) {
    this.call = call;
  }

  /**
   * Starts a call.
   *
   * @param first its first message
   * @param onlyOne whether that is also its last
   * @param early takes messages that must not wait behind others, on the connection's thread; true
   *     when it took one
   * @param onReady rung when {@link #isReady} may have become true, on the connection's thread
   */
  static <Q, R> StreamCall<Q, R> start(
      Channel channel,
      MethodDescriptor<Q, R> method,
      Q first,
      boolean onlyOne,
      Predicate<R> early,
      Runnable onReady) {
    CallOptions options = CallOptions.DEFAULT.withExecutor(Runnable::run);
    StreamCall<Q, R> stream = new StreamCall<>(channel.newCall(method, options));
    stream.call.start(stream.new Listener(early, onReady), new Metadata());
    stream.call.request(WINDOW);
    stream.call.sendMessage(first);
    if (onlyOne) {
      stream.call.halfClose();
    }
    return stream;
  }

  /** What comes next: a message, the end, or neither when nothing at all came for so long. */
  Arrival<R> take(long silenceNanos) throws InterruptedException {
    long since = System.nanoTime();
    for (; ; ) {
      @Nullable Arrival<R> arrival =
          inbox.poll(silenceNanos - (System.nanoTime() - since), TimeUnit.NANOSECONDS);
      if (arrival != null) {
        return arrival;
      }
      if (lastSign - since <= 0) {
        return new Arrival<>(null, null, null);
      }
      since = lastSign;
    }
  }

  /** A message that was taken has been dealt with: fetch another. */
  void fetchNext() {
    call.request(1);
  }

  boolean isReady() {
    return call.isReady();
  }

  void send(Q message) {
    call.sendMessage(message);
  }

  void cancel(String why) {
    call.cancel(why, null);
  }

  private final class Listener extends ClientCall.Listener<R> {
    private final Predicate<R> early;
    private final Runnable ready;

    Listener(Predicate<R> early, Runnable ready) {
      this.early = early;
      this.ready = ready;
    }

    @Override
    public void onMessage(R message) {
      lastSign = System.nanoTime();
      if (early.test(message)) {
        call.request(1);
      } else {
        inbox.add(new Arrival<>(message, null, null));
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      inbox.add(new Arrival<>(null, status, trailers));
    }

    @Override
    public void onReady() {
      ready.run();
    }
  }
}

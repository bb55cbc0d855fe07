package dev.cleat.client;

import dev.cleat.client.CleatException.Code;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Follows a stream of the server's to its end, over as many calls as it takes: one loop, on one
 * thread, every failure through the same place.
 *
 * <p>All methods of the feed are called from that thread, with no lock held. {@link #stop} and
 * {@link #isStopped} are for any thread.
 */
final class ResumeLoop<Q, R> implements Runnable {

  /** What a message means for the loop. */
  enum Meaning {
    /** Nothing in particular. */
    NOTHING,
    /** The stream works: what fails next is a new failure. */
    PROGRESS,
    /** Open another call now; this one is not a failure. */
    REOPEN,
    /** The stream is over. */
    END
  }

  /** What is followed. */
  interface Feed<Q, R> {
    /** Starts a call that goes on where the last one was cut. */
    StreamCall<Q, R> open();

    /** Delivers a message. */
    Meaning accept(StreamCall<Q, R> call, R message);

    /** The call is over or about to be cancelled: send nothing more on it. */
    void hungUp();

    /** It will be tried again. */
    void reconnecting(CleatException cause, int attempt, Duration delay);

    /** The end, once: because of this, or without a failure. */
    void finished(@Nullable CleatException failure);
  }

  /**
   * How a call ended.
   *
   * @param cause null when there is nothing to report
   * @param atOnce whether the next may come without delay
   * @param end whether there is no next
   */
  private record Cut(@Nullable CleatException cause, boolean atOnce, boolean end) {}

  private final Rpc rpc;
  private final Feed<Q, R> feed;
  private final long silenceNanos;
  private final CountDownLatch stop = new CountDownLatch(1);
  private volatile @Nullable StreamCall<Q, R> current;

  private final BackOff backOff;
  private boolean established;
  private long lastContact;

  ResumeLoop(Rpc rpc, Feed<Q, R> feed, long silenceNanos) {
    this.rpc = rpc;
    this.feed = feed;
    this.silenceNanos = silenceNanos;
    this.backOff = new BackOff(rpc.retry());
  }

  @Override
  public void run() {
    @Nullable CleatException failure;
    try {
      failure = follow();
    } catch (InterruptedException e) {
      failure = CleatException.interrupted(e);
    } catch (CleatException e) {
      failure = e;
    } catch (RuntimeException | Error e) {
      failure =
          new CleatException(
              Code.UNKNOWN, CleatException.LISTENER_FAILED, "a callback failed: " + e, e);
    }
    hangUp("finished");
    feed.finished(failure);
  }

  /** Ends the loop soon; a callback that is under way is not interrupted. */
  void stop() {
    stop.countDown();
    StreamCall<Q, R> call = current;
    if (call != null) {
      call.cancel("closed");
    }
  }

  boolean isStopped() {
    return stop.getCount() == 0;
  }

  private @Nullable CleatException follow() throws InterruptedException {
    lastContact = System.nanoTime();
    while (!isStopped()) {
      StreamCall<Q, R> call = feed.open();
      current = call;
      Cut cut = isStopped() ? new Cut(null, false, true) : read(call);
      hangUp("resumed elsewhere");
      if (cut.end) {
        return cut.cause;
      }
      if (cut.cause != null && !isStopped()) {
        Duration delay = backOff.next(cut.cause.retryAfter());
        if (cut.atOnce && backOff.attempts() == 1) {
          delay = Duration.ZERO;
        }
        if (spent(delay) || rpc.isShutdown()) {
          return cut.cause;
        }
        feed.reconnecting(cut.cause, backOff.attempts(), delay);
        if (stop.await(Times.nanos(delay), TimeUnit.NANOSECONDS)) {
          return null;
        }
        rpc.reconnect();
      }
    }
    return null;
  }

  private Cut read(StreamCall<Q, R> call) throws InterruptedException {
    boolean answered = false;
    for (; ; ) {
      StreamCall.Arrival<R> arrival = call.take(silenceNanos);
      if (isStopped()) {
        return new Cut(null, false, true);
      }
      R message = arrival.message();
      if (message == null) {
        return arrival.status() == null ? silence() : ended(arrival.status(), arrival, answered);
      }
      answered = true;
      established = true;
      switch (feed.accept(call, message)) {
        case NOTHING -> {}
        case PROGRESS -> backOff.reset();
        case REOPEN -> {
          return new Cut(null, true, false);
        }
        case END -> {
          return new Cut(null, false, true);
        }
      }
      lastContact = System.nanoTime();
      call.fetchNext();
    }
  }

  private Cut silence() {
    rpc.leaveConnection();
    Duration silent = Duration.ofNanos(silenceNanos);
    String message = "nothing was heard for " + silent.toMillis() / 1000.0 + " s";
    return new Cut(
        new CleatException(Code.UNAVAILABLE, CleatException.SILENT, message, null), false, false);
  }

  private Cut ended(Status status, StreamCall.Arrival<R> arrival, boolean answered) {
    if (status.isOk()) {
      return new Cut(
          new CleatException(
              Code.UNAVAILABLE, "", "the server ended the stream before its end", null),
          answered,
          false);
    }
    CleatException cause = CleatException.of(status.asRuntimeException(arrival.trailers()));
    return new Cut(cause, false, !Rpc.resumable(cause));
  }

  /** True when the next try would come after the time for trying is up. */
  private boolean spent(Duration delay) {
    Duration limit = established ? rpc.retry().outageLimit() : rpc.retry().retryFor();
    return System.nanoTime() - lastContact + Times.nanos(delay) > Times.nanos(limit);
  }

  private void hangUp(String why) {
    feed.hungUp();
    StreamCall<Q, R> call = current;
    current = null;
    if (call != null) {
      call.cancel(why);
    }
  }
}

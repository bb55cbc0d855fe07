package dev.cleat.client;

import dev.cleat.client.CleatException.Code;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Calls over one channel: deadlines, retries, errors. Safe for use by any thread. */
final class Rpc {

  /** When a call may be made again. */
  enum Repeat {
    /** Making it twice is the same as once. */
    SAFE,
    /** Only when the server, or the connection, said that it did not begin. */
    ONLY_IF_REFUSED
  }

  private static final String INPUT_RATE = "input_bytes_per_second";

  private final ManagedChannel managed;
  private final Channel channel;
  private final RetrySettings retry;
  private final Duration deadline;

  Rpc(ManagedChannel managed, Channel channel, RetrySettings retry, Duration deadline) {
    this.managed = managed;
    this.channel = channel;
    this.retry = retry;
    this.deadline = deadline;
  }

  Channel channel() {
    return channel;
  }

  RetrySettings retry() {
    return retry;
  }

  Duration deadline() {
    return deadline;
  }

  <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Repeat repeat) {
    return call(method, request, repeat, deadline);
  }

  /**
   * Makes the call, again while that is safe and worth it, all within the deadline. Throws the last
   * failure that says something.
   */
  <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Repeat repeat, Duration within) {
    return call(method, request, repeat, within, null);
  }

  /**
   * Makes a call that must not be made twice, again only while it has certainly not begun: the
   * server says so, or is not reached.
   *
   * @param departure says afterwards whether the server may have got the last try
   */
  <Q, R> R callOnce(MethodDescriptor<Q, R> method, Q request, Departure departure) {
    return call(method, request, Repeat.ONLY_IF_REFUSED, deadline, departure);
  }

  private <Q, R> R call(
      MethodDescriptor<Q, R> method,
      Q request,
      Repeat repeat,
      Duration within,
      @Nullable Departure once) {
    long start = System.nanoTime();
    BackOff backOff = new BackOff(retry);
    @Nullable CleatException before = null;
    for (; ; ) {
      long left = Math.max(1, Times.nanos(within) - (System.nanoTime() - start));
      CleatException failure;
      try {
        CallOptions options = once == null ? CallOptions.DEFAULT : once.nextTry();
        return ClientCalls.blockingUnaryCall(
            channel, method, options.withDeadlineAfter(left, TimeUnit.NANOSECONDS), request);
      } catch (StatusRuntimeException e) {
        failure =
            Thread.currentThread().isInterrupted()
                ? CleatException.interrupted(e)
                : CleatException.of(e);
      }
      boolean inDoubt = once != null && once.mayHaveDeparted() && !refused(failure);
      if (before != null && failure.code() == Code.DEADLINE_EXCEEDED && !inDoubt) {
        before.addSuppressed(failure);
        throw before;
      }
      Duration delay = backOff.next(failure.retryAfter());
      long end = System.nanoTime() - start + Times.nanos(delay);
      if (!repeatable(failure, once != null && !inDoubt ? Repeat.SAFE : repeat)
          || isShutdown()
          || end > Times.nanos(retry.retryFor())
          || end > Times.nanos(within)) {
        throw failure;
      }
      before = failure;
      pause(delay);
      reconnect();
    }
  }

  /**
   * Before a try after a failure: the channel's own back-off, which grows to two minutes, must not
   * decide when it is made. In this state the channel fails calls at once with its last error, also
   * while it is connecting again; from idle on it connects as if for the first time.
   */
  void reconnect() {
    if (managed.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      managed.enterIdle();
    }
  }

  /**
   * After a connection has been silent for too long: new calls get a new one, those under way stay
   * where they are.
   */
  void leaveConnection() {
    managed.enterIdle();
  }

  /** True when the channel was shut down: nothing will come over it any more. */
  boolean isShutdown() {
    return managed.isShutdown();
  }

  /** True when trying a stream again makes sense. */
  static boolean resumable(CleatException failure) {
    return switch (failure.code()) {
      case UNAVAILABLE, INTERNAL, UNKNOWN, CANCELLED, DEADLINE_EXCEEDED ->
          !failure.reason().equals(CleatException.PROTOCOL_VIOLATION);
      case ABORTED -> !failure.reason().equals("WRITER_REPLACED");
      case RESOURCE_EXHAUSTED -> failure.retryAfter().isPresent();
      default -> false;
    };
  }

  /**
   * True when the call certainly did not begin, says the channel, or the connection: as over {@code
   * limits.streams}. gRPC has that nowhere but in the words for the stream's error code.
   */
  static boolean refused(CleatException failure) {
    return FailedStarts.isCauseOf(failure)
        || (failure.code() == Code.UNAVAILABLE
            && failure.reason().isEmpty()
            && String.valueOf(failure.getMessage()).contains("HTTP/2 error code: REFUSED_STREAM"));
  }

  private static boolean repeatable(CleatException failure, Repeat repeat) {
    if (failure.reason().equals("DRAINING") || isFull(failure) || refused(failure)) {
      return true;
    }
    if (repeat != Repeat.SAFE) {
      return false;
    }
    return switch (failure.code()) {
      case UNAVAILABLE -> true;
      // Without a reason of Cleat's it is the connection or a proxy that speaks.
      case INTERNAL, UNKNOWN, CANCELLED -> failure.reason().isEmpty();
      case ABORTED -> !failure.reason().equals("WRITER_REPLACED");
      default -> false;
    };
  }

  private static boolean isFull(CleatException failure) {
    return failure.code() == Code.RESOURCE_EXHAUSTED
        && failure.retryAfter().isPresent()
        && (failure.reason().equals("INPUT_FULL")
            || INPUT_RATE.equals(failure.metadata().get("quota")));
  }

  static void pause(Duration delay) {
    try {
      TimeUnit.NANOSECONDS.sleep(Times.nanos(delay));
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    }
  }
}

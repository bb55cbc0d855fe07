package dev.cleat.client;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.WaitTurnRequest;
import java.time.Duration;

/**
 * A turn that was started. It runs whether or not anybody waits for it. Safe for use by any thread.
 */
public final class RunningTurn {
  /** One wait on the server: short enough to notice a dead connection. */
  private static final Duration SLICE = Duration.ofSeconds(20);

  private static final Duration GRACE = Duration.ofSeconds(10);

  private final Rpc rpc;
  private final dev.cleat.v1.Turn started;
  private final Prompt prompt;

  RunningTurn(Rpc rpc, dev.cleat.v1.Turn started, Prompt prompt) {
    this.rpc = rpc;
    this.started = started;
    this.prompt = prompt;
  }

  /** Its identifier. */
  public String id() {
    return started.getId();
  }

  /** The turn as it was when it was started. */
  public Turn started() {
    return Turn.of(started);
  }

  /** The turn as it is now, without its output. */
  public Turn refresh() {
    return Turn.of(
        rpc.call(
                SessionServiceGrpc.getGetTurnMethod(),
                GetTurnRequest.newBuilder()
                    .setSessionId(started.getSessionId())
                    .setTurnId(id())
                    .build(),
                Rpc.Repeat.SAFE)
            .getTurn());
  }

  /**
   * Waits for its end as long as the prompt says, over lost connections and restarts of the server.
   */
  public Turn await() {
    return await(prompt.waitLimit());
  }

  /**
   * Waits for its end, at most so long, over lost connections and restarts of the server.
   *
   * @return the turn with its output; when the time is up, as it is then, and without
   * @throws CleatException when the server could not be reached for too long, or the thread is
   *     interrupted
   */
  public Turn await(Duration limit) {
    dev.cleat.v1.Turn turn = awaitEnd(limit);
    return Turn.of(turn).ended()
        ? TurnOutput.fetch(rpc, turn, prompt.maxOutputBytes(), prompt.raw())
        : Turn.of(turn);
  }

  /**
   * Takes it from the queue, or interrupts it; it may still be running then. What has ended stays
   * as it is.
   */
  public Turn cancel() {
    return Turn.of(
        rpc.call(
                SessionServiceGrpc.getCancelTurnMethod(),
                CancelTurnRequest.newBuilder()
                    .setSessionId(started.getSessionId())
                    .setTurnId(id())
                    .build(),
                Rpc.Repeat.SAFE)
            .getTurn());
  }

  private dev.cleat.v1.Turn awaitEnd(Duration limit) {
    long start = System.nanoTime();
    long contact = start;
    BackOff backOff = new BackOff(rpc.retry());
    dev.cleat.v1.Turn turn = started;
    for (; ; ) {
      long left = Math.max(0, Times.nanos(limit) - (System.nanoTime() - start));
      if (Turn.of(turn).ended()) {
        return turn;
      }
      Duration slice = Times.min(SLICE, Duration.ofNanos(left));
      try {
        turn = waitOnce(slice);
        contact = System.nanoTime();
        backOff.reset();
        if (left == 0) {
          return turn;
        }
      } catch (CleatException e) {
        goOnAfter(e, backOff, contact, left);
      }
    }
  }

  private dev.cleat.v1.Turn waitOnce(Duration slice) {
    return rpc.call(
            SessionServiceGrpc.getWaitTurnMethod(),
            WaitTurnRequest.newBuilder()
                .setSessionId(started.getSessionId())
                .setTurnId(id())
                .setTimeout(Times.of(slice))
                .build(),
            Rpc.Repeat.SAFE,
            slice.plus(GRACE))
        .getTurn();
  }

  private void goOnAfter(CleatException failure, BackOff backOff, long contact, long leftNanos) {
    boolean interrupted = failure.reason().equals(CleatException.INTERRUPTED);
    Duration delay = backOff.next(failure.retryAfter());
    long silent = System.nanoTime() - contact + Times.nanos(delay);
    if (interrupted
        || !Rpc.resumable(failure)
        || silent > Times.nanos(rpc.retry().outageLimit())
        || Times.nanos(delay) > leftNanos) {
      throw failure;
    }
    if (failure.code() == Code.DEADLINE_EXCEEDED) {
      rpc.leaveConnection(); // the server would have answered by then
    }
    Rpc.pause(delay);
    rpc.reconnect();
  }
}

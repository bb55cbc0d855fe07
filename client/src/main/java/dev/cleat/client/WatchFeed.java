package dev.cleat.client;

import dev.cleat.client.ResumeLoop.Meaning;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One watch as the loop sees it. Changes are filtered, so their numbers have holes: they must grow,
 * no more can be checked. The position is kept with the epoch that its message named, so that a
 * resumption hears of changes that a crash of the machine has made void.
 *
 * <p>Confined to the loop's thread but for {@code done} and {@code closed}.
 */
final class WatchFeed implements ResumeLoop.Feed<WatchRequest, WatchResponse> {
  static final Duration HEARTBEAT = Duration.ofSeconds(10);

  private final Rpc rpc;
  private final SessionFilter filter;
  private final WatchListener listener;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile boolean closed;

  private @Nullable Position position;
  private boolean answeredBefore;
  private boolean answeredNow;
  private boolean caughtUp;

  WatchFeed(Rpc rpc, SessionQuery query, @Nullable Position after, WatchListener listener) {
    this.rpc = rpc;
    this.filter = query.toFilter();
    this.position = after;
    this.listener = listener;
  }

  CompletableFuture<Void> done() {
    return done;
  }

  /** Nothing more is to be delivered. For any thread. */
  void close() {
    closed = true;
  }

  @Override
  public StreamCall<WatchRequest, WatchResponse> open() {
    answeredNow = false;
    WatchRequest.Builder request =
        WatchRequest.newBuilder().setFilter(filter).setHeartbeatInterval(Times.of(HEARTBEAT));
    if (position != null) {
      request.setEpoch(position.epoch()).setAfterSeq(position.seq());
    }
    return StreamCall.start(
        rpc.channel(),
        SessionServiceGrpc.getWatchMethod(),
        request.build(),
        true,
        message -> false,
        () -> {});
  }

  @Override
  public Meaning accept(StreamCall<WatchRequest, WatchResponse> call, WatchResponse message) {
    if (!answeredNow) {
      answeredNow = true;
      if (answeredBefore) {
        listener.onReconnected();
      }
      answeredBefore = true;
    }
    switch (message.getKindCase()) {
      case CHANGE -> change(SessionChange.of(message.getChange()));
      case GAP -> gap(Gap.of(message.getGap()));
      case CAUGHT_UP -> {
        everythingUpTo(message.getCaughtUp().getSeq(), message.getCaughtUp().getEpoch());
        if (!caughtUp) {
          caughtUp = true;
          listener.onCaughtUp();
        }
        return Meaning.NOTHING;
      }
      case HEARTBEAT ->
          everythingUpTo(message.getHeartbeat().getHeadSeq(), message.getHeartbeat().getEpoch());
      case KIND_NOT_SET -> {
        return Meaning.NOTHING; // of a later version of the contract
      }
    }
    return Meaning.PROGRESS;
  }

  private void change(SessionChange change) {
    if (position != null && change.position().seq() <= position.seq()) {
      throw CleatException.violation(
          "change " + change.position().seq() + " came after " + position.seq());
    }
    listener.onChange(change);
    position = change.position();
  }

  private void gap(Gap gap) {
    boolean back = gap.reason() == Gap.Reason.EPOCH_ENDED;
    if (gap.toSeq() < gap.fromSeq()
        || (!back && position != null && gap.fromSeq() <= position.seq())) {
      throw CleatException.violation(gap + " came after " + position);
    }
    listener.onGap(gap);
    position = new Position(0, back ? gap.fromSeq() - 1 : gap.toSeq());
  }

  private void everythingUpTo(long seq, long epoch) {
    if (position == null || seq >= position.seq()) {
      position = new Position(epoch, seq);
    }
  }

  @Override
  public void hungUp() {
    // Nothing is sent on this call.
  }

  @Override
  public void reconnecting(CleatException cause, int attempt, Duration delay) {
    listener.onReconnecting(cause, attempt, delay);
  }

  @Override
  public void finished(@Nullable CleatException failure) {
    boolean told = failure != null && failure.reason().equals(CleatException.LISTENER_FAILED);
    @Nullable CleatException error = closed && !told ? null : failure;
    try {
      if (error == null) {
        listener.onClosed();
      } else {
        listener.onError(error);
      }
    } finally {
      if (error == null) {
        done.complete(null);
      } else {
        done.completeExceptionally(error);
      }
    }
  }
}

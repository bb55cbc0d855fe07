package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.v1.CancelTurnRequest;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C while a turn is waited for: the first cancels the turn, whose end then comes as any other;
 * the second ends this process and leaves the turn alone. Signals come on threads of their own;
 * {@code this} guards the state.
 */
final class TurnInterrupt implements AutoCloseable {
  private static final String SIGNAL = "INT";
  private static final int INTERRUPTED = 130;
  private static final int NEWEST = 100;

  private final Streams streams;
  private final CleatClient client;
  private final Session session;
  private final String requestId;
  private @Nullable Object before;
  private boolean cancelled;

  private TurnInterrupt(Streams streams, CleatClient client, Session session, String requestId) {
    this.streams = streams;
    this.client = client;
    this.session = session;
    this.requestId = requestId;
  }

  /**
   * From now on, until it is closed.
   *
   * @param requestId what the turn was started with
   */
  static TurnInterrupt arm(Streams streams, CleatClient client, Session session, String requestId) {
    TurnInterrupt interrupt = new TurnInterrupt(streams, client, session, requestId);
    interrupt.before = Signals.register(SIGNAL, interrupt::interrupted);
    return interrupt;
  }

  /** Whether the turn was cancelled from here. */
  synchronized boolean cancelled() {
    return cancelled;
  }

  @Override
  public void close() {
    Signals.unregister(SIGNAL, before);
  }

  private void interrupted() {
    if (cancelled()) {
      Runtime.getRuntime().halt(INTERRUPTED);
    }
    synchronized (this) {
      cancelled = true;
    }
    try {
      Optional<Turn> turn =
          session.turns(NEWEST).stream()
              .filter(each -> each.raw().getRequestId().equals(requestId))
              .findFirst();
      if (turn.isEmpty()) {
        Runtime.getRuntime().halt(INTERRUPTED); // there is nothing yet to cancel
      }
      CancelTurnRequest request =
          CancelTurnRequest.newBuilder()
              .setSessionId(session.id())
              .setTurnId(turn.orElseThrow().id())
              .build();
      client.grpc().sessions().cancelTurn(request);
    } catch (CleatException | StatusRuntimeException e) {
      streams.note("cleat: the turn could not be cancelled: " + e.getMessage());
    }
  }
}

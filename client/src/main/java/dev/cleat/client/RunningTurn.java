package dev.cleat.client;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.WaitTurnRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A turn that was started. It runs whether or not anybody waits for it. Safe for use by any thread.
 */
public final class RunningTurn {
  /** One wait on the server: short enough to notice a dead connection. */
  private static final Duration SLICE = Duration.ofSeconds(20);

  private static final Duration GRACE = Duration.ofSeconds(10);

  /** Between the time that a turn says it was created and that of its first event. */
  private static final Duration CLOCK_MARGIN = Duration.ofSeconds(1);

  private static final int PAGE_EVENTS = 100;

  /** The turn came into a state. */
  private record Change(long epoch, long seq, TurnState state) {}

  private final Session session;
  private final Rpc rpc;
  private final dev.cleat.v1.Turn started;
  private final Prompt prompt;
  private final Position head;

  /**
   * A turn of this prompt.
   *
   * @param head the session's before the prompt was sent
   */
  RunningTurn(Session session, Rpc rpc, dev.cleat.v1.Turn started, Prompt prompt, Position head) {
    this.session = session;
    this.rpc = rpc;
    this.started = started;
    this.prompt = prompt;
    this.head = head;
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
   * Waits for its end, at most so long, over lost connections and restarts of the server. A call
   * that has begun when the time is up gets the time of one for its tries.
   *
   * @return the turn with its output, or an agent's answer; when the time is up, as it is then, and
   *     without
   * @throws CleatException when the server could not be reached for too long, or the thread is
   *     interrupted; with {@link Code#DATA_LOSS} when a part of an agent's answer is gone
   */
  public Turn await(Duration limit) {
    dev.cleat.v1.Turn turn = awaitEnd(limit);
    if (!Turn.of(turn).ended()) {
      return Turn.of(turn);
    }
    Turn ended = TurnOutput.fetch(rpc, turn, prompt.maxOutputBytes(), prompt.raw());
    boolean answers =
        session.info().way().structured() || ended.judgedBy() == Turn.JudgedBy.STRUCTURED;
    return answers && prompt.maxOutputBytes() > 0 ? ended.withAnswer(answer()) : ended;
  }

  /**
   * Waits as long as the prompt says, and passes on what the turn prints, from its beginning, while
   * it prints it: its bytes, in order and each once, on the calling thread. The turn that is
   * returned is without output then; its {@link Turn#omittedBytes} are those that retention had
   * taken before they were asked for, and that were therefore not passed on.
   */
  public Turn await(Consumer<byte[]> output) {
    long start = System.nanoTime();
    long limit = Times.nanos(prompt.waitLimit());
    AtomicLong passed = new AtomicLong();
    new TurnFollower(session, this, before(), limit)
        .follow(part -> {
          output.accept(part);
          passed.addAndGet(part.length);
        });
    long left = Math.max(0, limit - (System.nanoTime() - start));
    Turn turn =
        new RunningTurn(session, rpc, started, prompt.maxOutput(0), head)
            .await(Duration.ofNanos(left));
    return turn.withOmitted(Math.max(0, turn.omittedBytes() - passed.get()));
  }

  /**
   * What an agent says and does during the turn, from its beginning to its end, as often as this is
   * called. A tool that only prints, such as a shell, has no such events.
   *
   * @throws CleatException when the beginning of the turn could not be looked up
   */
  public TurnEvents events() {
    return TurnEvents.open(session, this);
  }

  /**
   * The place in the session's journal before the turn's first event, for attaching there; the
   * beginning when that event is no longer there.
   */
  public Position before() {
    Instant since = Times.of(started.getCreateTime()).minus(CLOCK_MARGIN);
    return first(head, since)
        // One of the same request id had begun earlier. The server has no index by time: it reads
        // all that there is.
        .or(() -> first(Position.BEGINNING, since))
        .orElse(Position.BEGINNING); // what is missing comes as a gap
  }

  /** The place before the turn's first event, if that is behind this one. */
  private Optional<Position> first(Position after, Instant since) {
    return findChange(after, since, event -> true)
        // A later state says that the first is not there, and what came between perhaps, too.
        .filter(first -> first.state() == TurnState.TURN_STATE_ACCEPTED)
        .map(first -> new Position(first.epoch(), first.seq() - 1));
  }

  /**
   * The first of the events of the turn's states, behind the place and since then, that is wanted.
   */
  private Optional<Change> findChange(Position after, Instant since, Predicate<Event> wanted) {
    ReadEventsRequest.Builder request =
        ReadEventsRequest.newBuilder()
            .setSessionId(started.getSessionId())
            .setEpoch(after.epoch())
            .setAfterSeq(after.seq())
            .addKinds(EventKind.EVENT_KIND_TURN_CHANGED)
            .setSince(Times.timestamp(since));
    ReadEventsResponse page;
    int size = 1; // The first is likely the one, and the server would read on for a full page.
    do {
      request.setPageSize(size);
      try {
        page = rpc.call(SessionServiceGrpc.getReadEventsMethod(), request.build(), Rpc.Repeat.SAFE);
      } catch (CleatException e) {
        if (e.code() == Code.OUT_OF_RANGE) {
          return Optional.empty(); // nothing is behind a place that the journal has not come to
        }
        throw e;
      }
      for (Event event : page.getEventsList()) {
        dev.cleat.v1.Turn turn = event.getTurnChanged().getTurn();
        if (turn.getId().equals(id()) && wanted.test(event)) {
          return Optional.of(new Change(page.getEpoch(), event.getSeq(), turn.getState()));
        }
      }
      size = Math.min(PAGE_EVENTS, size * 2);
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    return Optional.empty();
  }

  /**
   * The turn as it ended, if a reader who has come to this place will not be told: it has ended,
   * and what said so is not behind the place any more. To be asked when events are {@link
   * Delivery.Missing missing}; else one could wait for an end that is among them.
   */
  public Optional<Turn> endedBefore(Position place) {
    try {
      Turn turn = refresh();
      return turn.ended() && !endIsBehind(place, turn.raw()) ? Optional.of(turn) : Optional.empty();
    } catch (CleatException e) {
      if (e.reason().equals("SESSION_NOT_FOUND")) {
        return Optional.empty(); // which the reader is told
      }
      throw e;
    }
  }

  private boolean endIsBehind(Position place, dev.cleat.v1.Turn ended) {
    Instant time = Times.of(ended.hasEndTime() ? ended.getEndTime() : ended.getCreateTime());
    return findChange(
            place,
            time.minus(CLOCK_MARGIN),
            event -> Turn.of(event.getTurnChanged().getTurn()).ended())
        .isPresent();
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

  private String answer() {
    StringBuilder answer = new StringBuilder();
    try (TurnEvents events = events()) {
      for (TurnEvent event : events) {
        if (event instanceof TurnEvent.AgentText text) {
          answer.append(text.text());
        } else if (event instanceof TurnEvent.Missing missing) {
          throw new CleatException(
              Code.DATA_LOSS,
              missing.gap().reason().name(),
              "a part of the answer is missing: " + missing.gap(),
              null);
        }
      }
    }
    return answer.toString();
  }

  private dev.cleat.v1.Turn awaitEnd(Duration limit) {
    long start = System.nanoTime();
    long contact = start;
    BackOff backOff = new BackOff(rpc.retry());
    dev.cleat.v1.Turn turn = started;
    for (; ; ) {
      long left = left(limit, start);
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
        goOnAfter(e, backOff, contact, left(limit, start));
      }
    }
  }

  private static long left(Duration limit, long start) {
    return Math.max(0, Times.nanos(limit) - (System.nanoTime() - start));
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
        || rpc.isShutdown()
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

package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Client;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Sessions;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CaughtUp;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Ended;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.EventBatch;
import dev.cleat.v1.Gap;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.Input;
import dev.cleat.v1.Screen;
import dev.cleat.v1.StartScreen;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One Attach: a cursor on the session's journal, and a way in for input.
 *
 * <p>Two threads of control. What the client sends comes on the call's own executor, which must not
 * be held up. What it gets is sent by the pump, a virtual thread, which polls the journal at the
 * client's pace, and waits when there is nothing, or when the client does not read;
 * acknowledgements of input are sent where the input came in, if nothing stands in the way. What
 * the first has to tell the second goes through the few fields that say so, and the bell.
 */
final class AttachCall implements StreamObserver<AttachRequest>, Client.Listener {
  private static final int BATCH_BYTES = 256 << 10;

  /** What comes first is small, so that a network that cuts often still lets something through. */
  private static final int FIRST_BATCH_BYTES = 8 << 10;

  private static final long ACK_MILLIS = 5;
  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final Duration LONGEST_LOOK = Duration.ofMillis(200);

  private final Sessions sessions;
  private final Draining draining;
  private final int inputLimit;
  private final ServerCallStreamObserver<AttachFrame> observer;
  private final Outlet<AttachFrame> outlet;
  private final InputAcks acks = new InputAcks();

  private final @Nullable ScheduledExecutorService loop;
  private final AtomicBoolean acksAreDue = new AtomicBoolean();
  private @Nullable Opening opening;
  // Set by the pump before it asks for more of the client's messages, which are the only thing that
  // looks at it.
  private volatile @Nullable Client client;
  private volatile boolean halfClosed;
  private volatile @Nullable Throwable failure;
  private final AtomicBoolean awaitingRoom = new AtomicBoolean();

  /** The thread that takes input now, and will look for acknowledgements by itself. */
  private volatile @Nullable Thread taker;

  AttachCall(
      Sessions sessions,
      Draining draining,
      int inputLimit,
      ServerCallStreamObserver<AttachFrame> observer,
      @Nullable ScheduledExecutorService loop) {
    this.sessions = sessions;
    this.draining = draining;
    this.inputLimit = inputLimit;
    this.observer = observer;
    this.loop = loop;
    observer.disableAutoRequest();
    this.outlet = new Outlet<>(observer, draining);
    observer.request(1);
  }

  // What the client sends.

  @Override
  public void onNext(AttachRequest request) {
    try {
      final Client writer = client;
      if (writer == null) {
        open(request);
      } else {
        taker = Thread.currentThread();
        final boolean room = take(writer, request);
        taker = null;
        acknowledgeSoon();
        askForMore(writer, room);
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /**
   * What was typed is mostly echoed at once, and nobody waits for more than the echo: one
   * acknowledgement a little later does for many keystrokes.
   */
  private void acknowledgeSoon() {
    if (acks.isEmpty()) {
      return;
    }
    if (loop == null || loop.isShutdown()) {
      acknowledge();
    } else if (acksAreDue.compareAndSet(false, true)) {
      final var _ = loop.schedule(this::acknowledge, ACK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void acknowledge() {
    acksAreDue.set(false);
    outlet.trySendNext(acks::next);
    if (!acks.isEmpty()) {
      outlet.ring();
    }
  }

  private void askForMore(Client writer, boolean room) {
    if (room) {
      observer.request(1);
      return;
    }
    awaitingRoom.set(true);
    // The room may have come between the answer and the line before this one.
    if (writer.hasRoom()) {
      room();
    }
  }

  private void open(AttachRequest request) {
    final Opening asked = Opening.of(request);
    draining.refuse();
    opening = asked;
    outlet.start("cleat-attach", () -> pump(asked));
  }

  private boolean take(Client writer, AttachRequest request) {
    return switch (request.getKindCase()) {
      case INPUT ->
          writer.input(request.getInput().getInputSeq(), checked(request.getInput()).getData());
      case RESIZE -> {
        new Checks().size("resize", request.getResize()).done();
        writer.resize(request.getResize());
        yield true;
      }
      case OPEN -> throw Refusal.invalid("open", "must be the first message only");
      case KIND_NOT_SET -> throw Refusal.invalid("kind", "must be input or resize");
    };
  }

  private Input checked(Input input) {
    if (input.getData().size() > inputLimit) {
      throw tooLarge("input.data", inputLimit);
    }
    return input;
  }

  static Refusal tooLarge(String field, int limit) {
    final String what = "may have at most " + limit + " bytes; send it in pieces";
    return Refusal.of(Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_TOO_LARGE, field + " " + what)
        .field(field, what)
        .with("limit_bytes", limit);
  }

  @Override
  public void onError(Throwable cause) {
    // The call is cancelled, which the outlet hears too.
    outlet.ring();
  }

  @Override
  public void onCompleted() {
    if (opening == null) {
      fail(Refusal.invalid("open", "must be the first message of an Attach"));
      return;
    }
    halfClosed = true;
    final Client writer = client;
    if (writer != null) {
      writer.becomeWatcher();
    }
  }

  private void fail(Throwable cause) {
    if (opening == null) {
      // There is no pump yet.
      observer.onError(Errors.status(cause));
      return;
    }
    failure = cause;
    outlet.ring();
  }

  // What the session says about input; with its locks held.

  @Override
  public void acked(long inputSeq, boolean discarded) {
    acks.add(inputSeq, discarded);
    if (!Thread.currentThread().equals(taker)) {
      outlet.ring();
    }
  }

  @Override
  public void replaced() {
    final Opening asked = opening;
    final AttachOpen open = asked == null ? AttachOpen.getDefaultInstance() : asked.asked();
    failure =
        Refusal.of(
                Code.ABORTED,
                ErrorReason.ERROR_REASON_WRITER_REPLACED,
                "another stream has attached with this writer_id")
            .field("open.writer_id", "is in use by another stream")
            .with("session_id", open.getSessionId())
            .with("writer_id", open.getWriterId());
    outlet.ring();
  }

  @Override
  public void room() {
    if (awaitingRoom.compareAndSet(true, false)) {
      observer.request(1);
    }
  }

  @Override
  public void over() {
    outlet.ring();
  }

  // The pump.

  private void pump(Opening asked) throws Exception {
    final AttachOpen open = asked.asked();
    final Session session = asked.session(sessions);
    final Journal journal = session.journal();
    final Places.Beginning beginning = asked.beginning(session);
    final EventShaper shaper = new EventShaper(open.getKindsList(), open.getEncoding());
    final Courier courier = new Courier(loop, outlet, BATCH_BYTES);
    try (Client attached = session.attach(open, this);
        Cursor cursor = journal.cursorFrom(beginning.firstSeq(), courier::rang)) {
      if (shaper.passesAll()) {
        courier.carryFrom(cursor);
      }
      send(AttachResponse.newBuilder().setAttached(Opening.attached(session, attached)));
      if (beginning.gap() != null) {
        send(AttachResponse.newBuilder().setGap(beginning.gap()));
      }
      client = attached;
      if (halfClosed) {
        attached.becomeWatcher();
      }
      observer.request(1);
      new Delivery(asked, session, cursor, shaper, courier).run();
    }
  }

  private void send(AttachResponse.Builder response) {
    outlet.send(new AttachFrame.Message(response.build()));
  }

  /** The pump's loop and what it needs to know; used by the pump only. */
  private final class Delivery {
    private final Opening asked;
    private final Session session;
    private final Cursor cursor;
    private final EventShaper shaper;
    private final Courier courier;
    private final long heartbeatNanos;
    private int batchBytes = FIRST_BATCH_BYTES;
    private boolean caughtUp;

    Delivery(Opening asked, Session session, Cursor cursor, EventShaper shaper, Courier courier) {
      this.asked = asked;
      this.session = session;
      this.cursor = cursor;
      this.shaper = shaper;
      this.courier = courier;
      this.heartbeatNanos = asked.heartbeatNanos();
    }

    void run() throws Exception {
      final Optional<StartScreen> screen = asked.screen();
      if (screen.isPresent()) {
        begin(screen.get());
      }
      shaper.prepare(session.journal(), cursor.position());
      boolean more = true;
      while (more && !outlet.isCancelled()) {
        throwFailure();
        if (!outlet.isReady()) {
          awaitClient();
        } else if (!outlet.sendNext(acks::next)) {
          more = step();
        }
      }
    }

    private void throwFailure() throws Exception {
      final Throwable told = failure;
      if (told instanceof Exception exception) {
        throw exception;
      }
    }

    /**
     * Sends a picture, and goes behind it. Drawing one of a long journal takes its time, in which
     * the client hears that there is somebody.
     */
    private void begin(StartScreen start) throws Exception {
      final long head = session.journal().head();
      Optional<Screen> screen = Optional.empty();
      while (screen.isEmpty() && !outlet.isCancelled()) {
        throwFailure();
        draining.refuse();
        if (!outlet.sendNext(acks::next) && outlet.sinceSent() >= heartbeatNanos) {
          send(AttachResponse.newBuilder().setEvents(EventBatch.getDefaultInstance()));
        }
        screen = session.screen(head, start.getStyles(), true, LONGEST_LOOK);
      }
      if (screen.isPresent()) {
        send(AttachResponse.newBuilder().setScreen(screen.get()));
        cursor.seek(screen.get().getSeq() + 1);
      }
    }

    private void awaitClient() {
      final long since = System.nanoTime();
      long left = PATIENCE_NANOS;
      while (left > 0 && !outlet.isReady() && !outlet.isCancelled() && failure == null) {
        outlet.await(left);
        left = since + PATIENCE_NANOS - System.nanoTime();
      }
      if (!outlet.isReady()) {
        // It reads nothing for now, so it needs no descriptor.
        cursor.release();
      }
    }

    private boolean step() throws IOException {
      // Looked at first: what is at the head after this was said is all there is.
      final boolean over = session.isOver() && !asked.asked().getFollowRestarts();
      switch (cursor.poll(batchBytes)) {
        case Batch batch -> {
          deliver(batch);
          batchBytes = Math.min(2 * batchBytes, BATCH_BYTES);
        }
        case Step.Gap gap -> deliver(Places.gap(gap));
        case Step.Closed(boolean deleted) -> {
          if (deleted) {
            end(EndReason.END_REASON_DELETED);
            return false;
          }
          draining.start();
          draining.refuse();
        }
        case Step.AtHead _ -> {
          return atHead(over);
        }
      }
      return true;
    }

    private void deliver(Batch batch) {
      if (shaper.passesAll()) {
        outlet.send(new AttachFrame.Events(batch));
        return;
      }
      final EventBatch.Builder shaped = EventBatch.newBuilder();
      shaper.shape(batch, shaped::addEvents);
      if (shaped.getEventsCount() > 0 || outlet.sinceSent() >= heartbeatNanos) {
        send(AttachResponse.newBuilder().setEvents(shaped));
      }
    }

    private void deliver(Gap gap) {
      shaper.gap();
      if (asked.asked().getFailOnGap()) {
        throw Places.eventsGone(gap);
      }
      send(AttachResponse.newBuilder().setGap(gap));
    }

    private boolean atHead(boolean over) {
      final long head = cursor.position() - 1;
      if (!caughtUp) {
        caughtUp = true;
        send(
            AttachResponse.newBuilder()
                .setCaughtUp(
                    CaughtUp.newBuilder().setSeq(head).setEpoch(session.journal().epoch())));
        return true;
      }
      if (over) {
        end(endReason());
        return false;
      }
      draining.refuse();
      final long quiet = outlet.sinceSent();
      if (quiet >= heartbeatNanos) {
        send(
            AttachResponse.newBuilder()
                .setHeartbeat(
                    Heartbeat.newBuilder()
                        .setHeadSeq(head)
                        .setDurableSeq(session.journal().durableHead())
                        .setEpoch(session.journal().epoch())));
      } else if (cursor.arm()) {
        courier.await(heartbeatNanos - quiet);
      }
      return true;
    }

    private EndReason endReason() {
      return switch (session.view().getState()) {
        case SESSION_STATE_FAILED -> EndReason.END_REASON_FAILED;
        case SESSION_STATE_LOST -> EndReason.END_REASON_LOST;
        default -> EndReason.END_REASON_EXITED;
      };
    }

    private void end(EndReason reason) {
      final Ended.Builder ended = Ended.newBuilder().setReason(reason);
      if (reason == EndReason.END_REASON_EXITED && session.view().hasExit()) {
        ended.setExit(session.view().getExit());
      }
      send(AttachResponse.newBuilder().setEnded(ended));
      outlet.complete();
    }
  }
}

package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.session.Client;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Input;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
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
  private static final long ACK_MILLIS = 5;

  private final Reach reach;
  private final Draining draining;
  private final AttachNotes notes;
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

  /** Set before it attaches, which may be by name. */
  private volatile String sessionId = "";

  /** Set before the client, where its caller may watch and not type. */
  private volatile @Nullable Session watchedOnly;

  private volatile boolean halfClosed;
  private volatile @Nullable Throwable failure;
  private final AtomicBoolean awaitingRoom = new AtomicBoolean();

  /** The thread that takes input now, and will look for acknowledgements by itself. */
  private volatile @Nullable Thread taker;

  AttachCall(
      Reach reach,
      Draining draining,
      AttachNotes notes,
      int inputLimit,
      SendRoom room,
      ServerCallStreamObserver<AttachFrame> observer,
      @Nullable ScheduledExecutorService loop) {
    this.reach = reach;
    this.draining = draining;
    this.notes = notes;
    this.inputLimit = inputLimit;
    this.observer = observer;
    this.loop = loop;
    observer.disableAutoRequest();
    this.outlet = new Outlet<>(observer, draining, room);
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
        final long wait = writer.typed(request.getInput().getData().size());
        if (wait > 0) {
          askForMoreAfter(wait, writer);
        } else {
          askForMore(writer, room);
        }
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

  /** Its tenant types faster than its quota says. */
  private void askForMoreAfter(long nanos, Client writer) {
    CompletableFuture.delayedExecutor(
            nanos, TimeUnit.NANOSECONDS, loop == null ? Runnable::run : loop)
        .execute(() -> askForMore(writer, writer.hasRoom()));
  }

  private void open(AttachRequest request) {
    final Opening asked = Opening.of(request);
    draining.refuse();
    opening = asked;
    outlet.start("cleat-attach", () -> pump(asked));
  }

  private boolean take(Client writer, AttachRequest request) {
    final Session barred = watchedOnly;
    if (barred != null) {
      reach.requireInput(barred);
    }
    return switch (request.getKindCase()) {
      case INPUT -> {
        final Input input = checked(request.getInput());
        final boolean room = writer.input(input.getInputSeq(), input.getData());
        notes.typed(input.getData().size());
        yield room;
      }
      case RESIZE -> {
        new Checks().size("resize", request.getResize()).done();
        yield writer.resize(request.getResize());
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
    final boolean isFirst = failure == null;
    failure = cause;
    if (opening != null) {
      outlet.ring();
    } else if (isFirst) {
      // There is no pump yet. The client may still close its side of what is over.
      observer.onError(Errors.status(cause));
    }
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
    if (halfClosed) {
      return; // It only watches.
    }
    final Opening asked = opening;
    final String writerId = asked == null ? "" : asked.asked().getWriterId();
    failure =
        Refusal.of(
                Code.ABORTED,
                ErrorReason.ERROR_REASON_WRITER_REPLACED,
                "another stream has attached with this writer_id")
            .field("open.writer_id", "is in use by another stream")
            .with("session_id", sessionId)
            .with("writer_id", writerId);
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
    notes.around(asked.asked(), outlet::isCancelled, () -> attach(asked));
  }

  private void attach(Opening asked) throws Exception {
    final AttachOpen open = asked.asked();
    final Session session = asked.session(reach);
    sessionId = session.id();
    final Journal journal = session.journal();
    final Places.Beginning beginning = asked.beginning(session);
    final EventShaper shaper = new EventShaper(open.getKindsList(), open.getEncoding());
    final Courier courier = new Courier(loop, outlet, outlet.batchBytes());
    final boolean mayType = reach.mayType(session);
    try (Client attached =
            session.attach(mayType ? open : open.toBuilder().setReadOnly(true).build(), this);
        Cursor cursor = journal.cursorFrom(beginning.firstSeq(), courier::rang)) {
      if (shaper.passesAll()) {
        courier.carryFrom(cursor);
      }
      send(AttachResponse.newBuilder().setAttached(Opening.attached(session, attached)));
      if (beginning.gap() != null) {
        notes.gap(beginning.gap());
        send(AttachResponse.newBuilder().setGap(beginning.gap()));
      }
      if (!mayType && !open.getReadOnly()) {
        watchedOnly = session;
      }
      client = attached;
      if (halfClosed) {
        attached.becomeWatcher();
      }
      observer.request(1);
      final LongSupplier lag = () -> journal.head() + 1 - cursor.position();
      notes.attached(session, lag);
      try {
        new Delivery(
                asked,
                session,
                cursor,
                shaper,
                courier,
                outlet,
                acks,
                draining,
                notes,
                () -> failure)
            .run();
      } finally {
        notes.detached(lag);
      }
    }
  }

  private void send(AttachResponse.Builder response) {
    outlet.send(new AttachFrame.Message(response.build()));
  }
}

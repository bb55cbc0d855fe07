package dev.cleat.server.rpc;

import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Session;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CaughtUp;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Ended;
import dev.cleat.v1.EventBatch;
import dev.cleat.v1.Gap;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.Screen;
import dev.cleat.v1.StartScreen;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the client of one Attach gets: a picture if it asked for one, the events, gaps and
 * heartbeats, acknowledgements between them, and why it ends. Used by the call's pump only.
 */
final class Delivery {
  /** What comes first is small, so that a network that cuts often still lets something through. */
  private static final int FIRST_BATCH_BYTES = 8 << 10;

  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final Duration LONGEST_LOOK = Duration.ofMillis(200);

  private final Opening asked;
  private final Session session;
  private final Cursor cursor;
  private final EventShaper shaper;
  private final Courier courier;
  private final Outlet<AttachFrame> outlet;
  private final InputAcks acks;
  private final Draining draining;
  private final AttachNotes notes;
  private final Supplier<@Nullable Throwable> failure;
  private final long heartbeatNanos;
  private int batchBytes = FIRST_BATCH_BYTES;
  private boolean caughtUp;

  /**
   * A delivery that has not begun.
   *
   * @param acks what is to be acknowledged between events
   * @param notes what is measured of it
   * @param failure why the call is to end at once; null while it is not
   */
  Delivery(
      Opening asked,
      Session session,
      Cursor cursor,
      EventShaper shaper,
      Courier courier,
      Outlet<AttachFrame> outlet,
      InputAcks acks,
      Draining draining,
      AttachNotes notes,
      Supplier<@Nullable Throwable> failure) {
    this.asked = asked;
    this.session = session;
    this.cursor = cursor;
    this.shaper = shaper;
    this.courier = courier;
    this.outlet = outlet;
    this.acks = acks;
    this.draining = draining;
    this.notes = notes;
    this.failure = failure;
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
        // Again: a bell that rang while it waited for the outlet does not ring once more.
        throwFailure();
        more = !outlet.isCancelled() && step();
      }
    }
  }

  private void throwFailure() throws Exception {
    final @Nullable Throwable told = failure.get();
    if (told instanceof Exception exception) {
      throw exception;
    }
  }

  /**
   * Sends a picture, and goes behind it. Drawing one of a long journal takes its time, in which the
   * client hears that there is somebody.
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
      notes.arrived();
      cursor.seek(screen.get().getSeq() + 1);
    }
  }

  private void awaitClient() {
    final long since = System.nanoTime();
    long left = PATIENCE_NANOS;
    while (left > 0 && !outlet.isReady() && !outlet.isCancelled() && failure.get() == null) {
      outlet.await(left);
      left = since + PATIENCE_NANOS - System.nanoTime();
    }
    if (!outlet.isReady()) {
      // It reads nothing for now, so it needs no descriptor.
      cursor.release();
    }
  }

  private boolean step() throws IOException {
    // Looked at first, and in this order: what comes before that number is all there is.
    final boolean over = session.isOver() && !asked.asked().getFollowRestarts();
    final long end = session.journal().visibleEnd();
    switch (cursor.poll(batchBytes)) {
      case Batch batch -> {
        deliver(batch);
        batchBytes = Math.min(2 * batchBytes, outlet.batchBytes());
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
        return atHead(over, end);
      }
    }
    return true;
  }

  private void deliver(Batch batch) {
    notes.arrived();
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
    notes.gap(gap);
    send(AttachResponse.newBuilder().setGap(gap));
  }

  private boolean atHead(boolean over, long end) {
    final long head = cursor.position() - 1;
    if (!caughtUp) {
      caughtUp = true;
      notes.arrived();
      send(
          AttachResponse.newBuilder()
              .setCaughtUp(CaughtUp.newBuilder().setSeq(head).setEpoch(session.journal().epoch())));
      return true;
    }
    // Its last events may have to be synced before anybody may see them.
    if (over && cursor.position() >= end) {
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
      if (over) {
        // The courier would not wake the pump, which ends the stream after what still comes.
        outlet.await(heartbeatNanos - quiet);
      } else {
        courier.await(heartbeatNanos - quiet);
      }
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

  private void send(AttachResponse.Builder response) {
    outlet.send(new AttachFrame.Message(response.build()));
  }
}

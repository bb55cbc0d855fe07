package dev.cleat.server.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Times;
import dev.cleat.v1.CaughtUp;
import dev.cleat.v1.Gap;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;

/** One Watch: like an Attach without a way in, on the journal of changes. */
final class WatchCall {
  private static final int BATCH_BYTES = 64 << 10;
  private static final long DEFAULT_HEARTBEAT_NANOS = 15_000_000_000L;

  private final WatchRequest request;
  private final Journal journal;
  private final Draining draining;
  private final RpcMetrics metrics;
  private final Outlet<WatchResponse> outlet;
  private final long heartbeatNanos;
  private boolean caughtUp;

  WatchCall(
      WatchRequest request,
      Journal journal,
      Draining draining,
      RpcMetrics metrics,
      SendRoom room,
      ServerCallStreamObserver<WatchResponse> observer) {
    this.request = request;
    this.journal = journal;
    this.draining = draining;
    this.metrics = metrics;
    this.outlet = new Outlet<>(observer, draining, room);
    this.heartbeatNanos =
        request.hasHeartbeatInterval()
            ? Times.duration(request.getHeartbeatInterval()).toNanos()
            : DEFAULT_HEARTBEAT_NANOS;
  }

  void start() {
    outlet.start("cleat-watch", this::pump);
  }

  private void pump() throws IOException {
    final Places.Beginning beginning =
        request.hasAfterSeq()
            ? Places.after(journal, "", request.getEpoch(), request.getAfterSeq(), false)
            : new Places.Beginning(journal.head() + 1, null);
    if (beginning.gap() != null) {
      tell(beginning.gap());
    }
    try (Cursor cursor = journal.cursorFrom(beginning.firstSeq(), outlet::ring)) {
      while (!outlet.isCancelled()) {
        if (outlet.isReady()) {
          step(cursor);
        } else {
          outlet.await(heartbeatNanos);
        }
      }
    }
  }

  private void step(Cursor cursor) throws IOException {
    switch (cursor.poll(BATCH_BYTES)) {
      case Batch batch ->
          batch.forEach((seq, array, offset, length) -> change(array, offset, length));
      case Step.Gap gap -> tell(Places.gap(gap));
      case Step.Closed _ -> {
        draining.start();
        draining.refuse();
      }
      case Step.AtHead _ -> atHead(cursor);
    }
  }

  private void tell(Gap gap) {
    metrics.gap(gap.getReason());
    outlet.send(WatchResponse.newBuilder().setGap(gap).build());
  }

  private void change(byte[] array, int offset, int length) {
    try {
      final SessionChange change = SessionChange.parser().parseFrom(array, offset, length);
      if (matches(request.getFilter(), change.getSession())) {
        outlet.send(WatchResponse.newBuilder().setChange(change).build());
      }
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean matches(SessionFilter filter, Session session) {
    return (filter.getIncludeInternal() || !session.getInternal())
        && (filter.getStatesCount() == 0 || filter.getStatesList().contains(session.getState()))
        && (filter.getTool().isEmpty() || filter.getTool().equals(session.getTool()))
        && (filter.getWorkspace().isEmpty() || filter.getWorkspace().equals(session.getWorkspace()))
        && (filter.getParentId().isEmpty() || filter.getParentId().equals(session.getParentId()))
        && session.getLabelsMap().entrySet().containsAll(filter.getLabelsMap().entrySet())
        && session.getName().startsWith(filter.getNamePrefix());
  }

  private void atHead(Cursor cursor) {
    final long head = cursor.position() - 1;
    if (!caughtUp) {
      caughtUp = true;
      outlet.send(
          WatchResponse.newBuilder()
              .setCaughtUp(CaughtUp.newBuilder().setSeq(head).setEpoch(journal.epoch()))
              .build());
      return;
    }
    draining.refuse();
    final long quiet = outlet.sinceSent();
    if (quiet >= heartbeatNanos) {
      outlet.send(
          WatchResponse.newBuilder()
              .setHeartbeat(
                  Heartbeat.newBuilder()
                      .setHeadSeq(head)
                      .setDurableSeq(journal.durableHead())
                      .setEpoch(journal.epoch()))
              .build());
    } else if (cursor.arm()) {
      outlet.await(heartbeatNanos - quiet);
    }
  }
}

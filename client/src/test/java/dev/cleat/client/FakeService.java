package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Attached;
import dev.cleat.v1.CaughtUp;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Ended;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventBatch;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.Gap;
import dev.cleat.v1.GapReason;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.GetTurnResponse;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.Input;
import dev.cleat.v1.InputAck;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.Screen;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnChanged;
import dev.cleat.v1.WaitTurnRequest;
import dev.cleat.v1.WaitTurnResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A server with one session, whose journal is a list, that keeps the rules of the contract:
 * contiguous numbers, one batch past a ready stream at most, heartbeats only at the head, input
 * applied once per writer, turns that are events. The monitor of this object guards all its state.
 */
class FakeService extends SessionServiceGrpc.SessionServiceImplBase {
  private static final int BATCH_BYTES = 256 << 10;

  final List<Event> journal = new ArrayList<>();
  private final Map<String, Long> nextInput = new HashMap<>();
  private final ByteArrayOutputStream typed = new ByteArrayOutputStream();

  /** By the id of the request. */
  final Map<String, Turn> turns = new HashMap<>();

  final AtomicLong bytesSent = new AtomicLong();
  private long outputBytes;
  private boolean over;
  private long trimmed;
  private long oldestRead = Long.MAX_VALUE;

  synchronized void append(Event.Builder event) {
    journal.add(event.setSeq(journal.size() + 1L).setTime(Times.timestamp(Instant.now())).build());
    notifyAll();
  }

  synchronized void print(ByteString data) {
    append(
        Event.newBuilder()
            .setOutput(
                Output.newBuilder()
                    .setOffset(outputBytes)
                    .setStream(OutputStream.OUTPUT_STREAM_TERMINAL)
                    .setData(data)));
    outputBytes += data.size();
  }

  synchronized long outputBytes() {
    return outputBytes;
  }

  synchronized long head() {
    return journal.size();
  }

  synchronized void changed(Turn turn) {
    turns.put(turn.getRequestId(), turn);
    append(Event.newBuilder().setTurnChanged(TurnChanged.newBuilder().setTurn(turn)));
  }

  synchronized int turnCount() {
    return turns.size();
  }

  synchronized Turn byId(String id) {
    return turns.values().stream().filter(t -> t.getId().equals(id)).findFirst().orElseThrow();
  }

  /** What there is now is no longer kept. */
  synchronized void trim() {
    trimmed = journal.size();
  }

  /** The number of the oldest event that ReadEvents has looked at. */
  synchronized long oldestRead() {
    return oldestRead;
  }

  /** The process ends: streams do, too, once everything is delivered. */
  synchronized void end() {
    over = true;
    notifyAll();
  }

  synchronized byte[] typed() {
    return typed.toByteArray();
  }

  @Override
  public void readEvents(ReadEventsRequest request, StreamObserver<ReadEventsResponse> responses) {
    ReadEventsResponse.Builder page = ReadEventsResponse.newBuilder().setEpoch(1);
    synchronized (this) {
      int bytes = 0;
      Instant since = Times.of(request.getSince());
      long from =
          request.getPageToken().isEmpty()
              ? request.getAfterSeq()
              : Long.parseLong(request.getPageToken());
      int i = (int) Math.max(from, trimmed);
      oldestRead = Math.min(oldestRead, i + 1L);
      for (;
          i < journal.size() && page.getEventsCount() < request.getPageSize() && bytes < 1 << 20;
          i++) {
        Event event = journal.get(i);
        if (wanted(event, request.getKindsList()) && !Times.of(event.getTime()).isBefore(since)) {
          page.addEvents(event);
          bytes += event.getSerializedSize();
        }
      }
      page.setHeadSeq(journal.size()).setNextPageToken(i < journal.size() ? "" + i : "");
    }
    responses.onNext(page.build());
    responses.onCompleted();
  }

  @Override
  public synchronized void getTurn(
      GetTurnRequest request, StreamObserver<GetTurnResponse> responses) {
    responses.onNext(GetTurnResponse.newBuilder().setTurn(byId(request.getTurnId())).build());
    responses.onCompleted();
  }

  @Override
  public void waitTurn(WaitTurnRequest request, StreamObserver<WaitTurnResponse> responses) {
    long end = System.nanoTime() + Times.nanos(Times.of(request.getTimeout()));
    Turn turn;
    synchronized (this) {
      turn = byId(request.getTurnId());
      while (!dev.cleat.client.Turn.of(turn).ended() && end - System.nanoTime() > 1_000_000) {
        try {
          wait((end - System.nanoTime()) / 1_000_000);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        turn = byId(request.getTurnId());
      }
    }
    responses.onNext(WaitTurnResponse.newBuilder().setTurn(turn).build());
    responses.onCompleted();
  }

  /** A terminal that shows everything that was ever printed on one line. */
  private synchronized Screen screen() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Event event : journal) {
      all.writeBytes(event.getOutput().getData().toByteArray());
    }
    return Screen.newBuilder()
        .setSeq(journal.size())
        .setEpoch(1)
        .setOutputOffset(outputBytes)
        .setRestore(ByteString.copyFrom(all.toByteArray()))
        .build();
  }

  private static boolean wanted(Event event, List<EventKind> kinds) {
    return kinds.isEmpty() || kinds.contains(EventKind.forNumber(event.getKindCase().getNumber()));
  }

  @Override
  public StreamObserver<AttachRequest> attach(StreamObserver<AttachResponse> responses) {
    Stream stream = new Stream((ServerCallStreamObserver<AttachResponse>) responses);
    return stream.requests();
  }

  /** One attached client. The pump's thread is the only one that writes to it. */
  private final class Stream {
    private final ServerCallStreamObserver<AttachResponse> responses;
    private @Nullable AttachOpen open;
    private long acknowledge; // by the pump, when above what was
    private boolean cancelled;

    Stream(ServerCallStreamObserver<AttachResponse> responses) {
      this.responses = responses;
      responses.setOnReadyHandler(this::ring);
      responses.setOnCancelHandler(() -> {
        synchronized (FakeService.this) {
          cancelled = true;
          FakeService.this.notifyAll();
        }
      });
    }

    private void ring() {
      synchronized (FakeService.this) {
        FakeService.this.notifyAll();
      }
    }

    StreamObserver<AttachRequest> requests() {
      return new StreamObserver<>() {
        @Override
        public void onNext(AttachRequest request) {
          if (request.hasOpen()) {
            open = request.getOpen();
            Thread pump = new Thread(() -> pump(request.getOpen()), "fake-pump");
            pump.setDaemon(true);
            pump.start();
          } else if (request.hasInput()) {
            type(request.getInput());
          }
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {}
      };
    }

    private void type(Input input) {
      synchronized (FakeService.this) {
        if (cancelled || open == null) {
          return;
        }
        long expected = nextInput.getOrDefault(open.getWriterId(), 1L);
        if (input.getInputSeq() > expected) {
          cancelled = true;
          responses.onError(Failures.of(Status.Code.FAILED_PRECONDITION, "INPUT_HOLE"));
          return;
        }
        if (input.getInputSeq() == expected) {
          typed.writeBytes(input.getData().toByteArray());
          nextInput.put(open.getWriterId(), expected + 1);
        }
        acknowledge = input.getInputSeq();
        FakeService.this.notifyAll();
      }
    }

    private void pump(AttachOpen opening) {
      try {
        follow(opening);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void follow(AttachOpen opening) throws InterruptedException {
      long cursor = opening.getAfterSeq();
      long acknowledged = 0;
      boolean caughtUp = false;
      say(attached(opening));
      if (opening.getStart().hasScreen()) {
        Screen screen = screen();
        cursor = screen.getSeq();
        say(AttachResponse.newBuilder().setScreen(screen));
      }
      for (; ; ) {
        AttachResponse.@Nullable Builder next = null;
        synchronized (FakeService.this) {
          if (cancelled) {
            return;
          }
          if (!responses.isReady()) {
            FakeService.this.wait();
            continue;
          }
          if (acknowledge > acknowledged) {
            acknowledged = acknowledge;
            next =
                AttachResponse.newBuilder()
                    .setInputAck(InputAck.newBuilder().setInputSeq(acknowledged));
          } else if (cursor < trimmed) {
            next =
                AttachResponse.newBuilder()
                    .setGap(
                        Gap.newBuilder()
                            .setFromSeq(cursor + 1)
                            .setToSeq(trimmed)
                            .setReason(GapReason.GAP_REASON_RETENTION));
            cursor = trimmed;
          } else if (cursor < journal.size()) {
            EventBatch.Builder batch = EventBatch.newBuilder();
            cursor = fill(batch, cursor, opening.getKindsList());
            next = AttachResponse.newBuilder().setEvents(batch);
          } else if (!caughtUp) {
            caughtUp = true;
            next = AttachResponse.newBuilder().setCaughtUp(CaughtUp.newBuilder().setSeq(cursor));
          } else if (!over) {
            FakeService.this.wait(1000);
            if (cursor == journal.size() && acknowledge == acknowledged && !over) {
              next =
                  AttachResponse.newBuilder()
                      .setHeartbeat(Heartbeat.newBuilder().setHeadSeq(cursor));
            }
          } else {
            cancelled = true;
          }
        }
        if (next != null) {
          say(next);
        } else if (cancelled) {
          say(
              AttachResponse.newBuilder()
                  .setEnded(Ended.newBuilder().setReason(EndReason.END_REASON_EXITED)));
          responses.onCompleted();
          return;
        }
      }
    }

    private AttachResponse.Builder attached(AttachOpen opening) {
      synchronized (FakeService.this) {
        @Nullable Long known = nextInput.putIfAbsent(opening.getWriterId(), 1L);
        return AttachResponse.newBuilder()
            .setAttached(
                Attached.newBuilder()
                    .setEpoch(1)
                    .setOldestSeq(1)
                    .setHeadSeq(journal.size())
                    .setKnownWriter(known != null)
                    .setNextInputSeq(known == null ? 1 : known));
      }
    }

    private long fill(EventBatch.Builder batch, long cursor, List<EventKind> kinds) {
      int bytes = 0;
      long at = cursor;
      while (at < journal.size() && bytes < BATCH_BYTES) {
        Event event = journal.get((int) at);
        at++;
        if (wanted(event, kinds)) {
          batch.addEvents(event);
          bytes += event.getSerializedSize();
        }
      }
      return at;
    }

    private void say(AttachResponse.Builder response) {
      AttachResponse message = response.build();
      bytesSent.addAndGet(message.getSerializedSize());
      responses.onNext(message);
    }
  }
}

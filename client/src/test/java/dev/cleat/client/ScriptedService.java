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
import dev.cleat.v1.GapReason;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.InputAck;
import dev.cleat.v1.InputRange;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.Screen;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server that says exactly what a test wants: each call of Attach runs the next script. */
final class ScriptedService extends SessionServiceGrpc.SessionServiceImplBase {

  /** What one call says. */
  interface Script {
    void run(Call call) throws InterruptedException;
  }

  /** What one watch says. */
  interface WatchScript {
    void run(StreamObserver<WatchResponse> responses);
  }

  private final BlockingQueue<Script> scripts = new LinkedBlockingQueue<>();
  private final BlockingQueue<WatchScript> watches = new LinkedBlockingQueue<>();
  final List<AttachOpen> opens = new CopyOnWriteArrayList<>();
  final List<WatchRequest> watchRequests = new CopyOnWriteArrayList<>();

  ScriptedService then(Script script) {
    scripts.add(script);
    return this;
  }

  ScriptedService thenWatch(WatchScript script) {
    watches.add(script);
    return this;
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchResponse> responses) {
    watchRequests.add(request);
    @Nullable WatchScript script = watches.poll();
    if (script == null) {
      responses.onError(
          Status.UNIMPLEMENTED.withDescription("no script left").asRuntimeException());
    } else {
      script.run(responses);
    }
  }

  @Override
  public StreamObserver<AttachRequest> attach(StreamObserver<AttachResponse> responses) {
    // A client may leave in the middle of a script; what is said to it then goes nowhere.
    ((ServerCallStreamObserver<AttachResponse>) responses).setOnCancelHandler(() -> {});
    Call call = new Call(responses);
    return new StreamObserver<>() {
      @Override
      public void onNext(AttachRequest request) {
        if (request.hasOpen()) {
          opens.add(request.getOpen());
          run(call);
        } else {
          call.requests.add(request);
        }
      }

      @Override
      public void onError(Throwable t) {}

      @Override
      public void onCompleted() {}
    };
  }

  private void run(Call call) {
    @Nullable Script script = scripts.poll();
    Thread thread =
        new Thread(
            () -> {
              try {
                if (script == null) {
                  call.fail(
                      Status.UNIMPLEMENTED.withDescription("no script left").asRuntimeException());
                } else {
                  script.run(call);
                }
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            "script");
    thread.setDaemon(true);
    thread.start();
  }

  /** One call of Attach, for its script's thread. */
  static final class Call {
    private final StreamObserver<AttachResponse> responses;
    private final BlockingQueue<AttachRequest> requests = new LinkedBlockingQueue<>();

    Call(StreamObserver<AttachResponse> responses) {
      this.responses = responses;
    }

    Call attached(long epoch, long head, long nextInput) {
      return say(
          AttachResponse.newBuilder()
              .setAttached(
                  Attached.newBuilder()
                      .setEpoch(epoch)
                      .setOldestSeq(1)
                      .setHeadSeq(head)
                      .setDurableSeq(head)
                      .setNextInputSeq(nextInput)));
    }

    /** To a writer that the server remembers. */
    Call attachedAgain(long nextInput, InputRange... discarded) {
      return say(
          AttachResponse.newBuilder()
              .setAttached(
                  Attached.newBuilder()
                      .setEpoch(1)
                      .setOldestSeq(1)
                      .setKnownWriter(true)
                      .setNextInputSeq(nextInput)
                      .addAllDiscardedInput(List.of(discarded))));
    }

    Call attached() {
      return attached(1, 0, 1);
    }

    /** Output events with these numbers, each of one letter. */
    Call events(long... seqs) {
      EventBatch.Builder batch = EventBatch.newBuilder();
      for (long seq : seqs) {
        batch.addEvents(
            Event.newBuilder()
                .setSeq(seq)
                .setOutput(
                    Output.newBuilder()
                        .setOffset(seq - 1)
                        .setStream(OutputStream.OUTPUT_STREAM_TERMINAL)
                        .setData(ByteString.copyFromUtf8(letter(seq)))));
      }
      return say(AttachResponse.newBuilder().setEvents(batch));
    }

    /** A picture of everything up to a number, drawn by this. */
    Call screen(long epoch, long seq, String restore) {
      return say(
          AttachResponse.newBuilder()
              .setScreen(
                  Screen.newBuilder()
                      .setEpoch(epoch)
                      .setSeq(seq)
                      .setRestore(ByteString.copyFromUtf8(restore))));
    }

    static String letter(long seq) {
      return String.valueOf((char) ('a' + (seq - 1) % 26));
    }

    Call gap(long from, long to, GapReason reason) {
      return say(
          AttachResponse.newBuilder()
              .setGap(
                  dev.cleat.v1.Gap.newBuilder().setFromSeq(from).setToSeq(to).setReason(reason)));
    }

    Call caughtUp(long seq) {
      return say(AttachResponse.newBuilder().setCaughtUp(CaughtUp.newBuilder().setSeq(seq)));
    }

    Call heartbeat(long head) {
      return say(AttachResponse.newBuilder().setHeartbeat(Heartbeat.newBuilder().setHeadSeq(head)));
    }

    Call acknowledge(long inputSeq, boolean discarded) {
      return say(
          AttachResponse.newBuilder()
              .setInputAck(InputAck.newBuilder().setInputSeq(inputSeq).setDiscarded(discarded)));
    }

    /** The session ends with exit code 0. */
    void ended() {
      say(
          AttachResponse.newBuilder()
              .setEnded(
                  Ended.newBuilder()
                      .setReason(EndReason.END_REASON_EXITED)
                      .setExit(dev.cleat.v1.Exit.newBuilder().setCode(0))));
      responses.onCompleted();
    }

    /** The stream ends without the session's end. */
    void drained() {
      responses.onCompleted();
    }

    void fail(RuntimeException failure) {
      responses.onError(failure);
    }

    void unavailable() {
      fail(Status.UNAVAILABLE.asRuntimeException());
    }

    /** What the client says next. */
    AttachRequest take() throws InterruptedException {
      @Nullable AttachRequest request = requests.poll(60, TimeUnit.SECONDS);
      if (request == null) {
        throw new IllegalStateException("the client said nothing");
      }
      return request;
    }

    private Call say(AttachResponse.Builder response) {
      responses.onNext(response.build());
      return this;
    }
  }
}

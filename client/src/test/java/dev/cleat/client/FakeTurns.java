package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.CommandEnded;
import dev.cleat.v1.CommandStarted;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SendPromptResponse;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Random;

/**
 * A {@link FakeService} whose session is a shell: a prompt is echoed, printed about, and ended with
 * an end mark and the next prompt, in pieces of random sizes, and the events about it come some
 * pieces later, as they do from a server that reads its own journal.
 */
final class FakeTurns extends FakeService {
  private final Random random;
  private ByteString output = ByteString.EMPTY;
  private int exitCode;
  private boolean slow;
  private boolean queued;

  FakeTurns(long seed) {
    this.random = new Random(seed);
  }

  /** What the next prompts will print, and end with. */
  synchronized void willPrint(ByteString bytes, int code) {
    output = bytes;
    exitCode = code;
  }

  /** Turns do not end until this is called again. */
  synchronized void hold(boolean hold) {
    slow = hold;
    notifyAll();
  }

  /** Ends all turns where they are, as a cancel in the queue does. */
  synchronized void cancelAll() {
    List.copyOf(turns.values())
        .forEach(t -> changed(t.toBuilder().setState(TurnState.TURN_STATE_CANCELLED).build()));
  }

  /** Turns are not begun until this is called again. */
  synchronized void queue(boolean queue) {
    queued = queue;
    notifyAll();
  }

  @Override
  public void get(GetRequest request, StreamObserver<GetResponse> responses) {
    responses.onNext(
        GetResponse.newBuilder()
            .setSession(dev.cleat.v1.Session.newBuilder().setId("s").setEpoch(1).setHeadSeq(head()))
            .build());
    responses.onCompleted();
  }

  @Override
  public synchronized void sendPrompt(
      SendPromptRequest request, StreamObserver<SendPromptResponse> responses) {
    Turn accepted = turns.get(request.getRequestId());
    if (accepted == null) {
      accepted =
          Turn.newBuilder()
              .setId("turn " + request.getRequestId())
              .setSessionId("s")
              .setRequestId(request.getRequestId())
              .setState(TurnState.TURN_STATE_ACCEPTED)
              .build();
      changed(accepted);
      Turn started = accepted;
      Thread shell = new Thread(() -> run(started, request.getPrompt()), "fake-shell");
      shell.setDaemon(true);
      shell.start();
    }
    responses.onNext(SendPromptResponse.newBuilder().setTurn(accepted).build());
    responses.onCompleted();
  }

  private synchronized void run(Turn accepted, String prompt) {
    while (queued) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    if (byId(accepted.getId()).getState() == TurnState.TURN_STATE_CANCELLED) {
      return;
    }
    changed(accepted.toBuilder().setState(TurnState.TURN_STATE_SUBMITTED).build());
    ByteString echo = ByteString.copyFromUtf8(prompt + "\r\n\033]133;C\007");
    ByteString end = ByteString.copyFromUtf8("\033]133;D;" + exitCode + "\007$ \033]133;B\007");
    ByteString all = echo.concat(output).concat(end);
    long base = outputBytes();
    long start = base + echo.size();
    long stop = start + output.size();
    long first = 0;
    boolean running = false;
    int lag = random.nextInt(3);
    for (int at = 0; at < all.size(); ) {
      int size = Math.min(all.size() - at, 1 + random.nextInt(random.nextBoolean() ? 8 : 4000));
      print(all.substring(at, at + size));
      at += size;
      if (first == 0 && base + at > start) {
        first = head();
      }
      if (!running && base + at >= start && lag-- <= 0) {
        running = true;
        started(accepted, start);
      }
    }
    if (!running) {
      started(accepted, start);
    }
    while (slow) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    long last = head();
    append(
        Event.newBuilder()
            .setCommandEnded(
                CommandEnded.newBuilder()
                    .setTurnId(accepted.getId())
                    .setExitCode(exitCode)
                    .setEndOffset(stop)));
    changed(
        accepted.toBuilder()
            .setState(exitCode == 0 ? TurnState.TURN_STATE_SUCCEEDED : TurnState.TURN_STATE_FAILED)
            .setExit(dev.cleat.v1.Exit.newBuilder().setCode(exitCode))
            .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_MARKS)
            .setOutputStartOffset(start)
            .setOutputEndOffset(stop)
            .setFirstSeq(first)
            .setLastSeq(last)
            .build());
  }

  private void started(Turn accepted, long start) {
    append(
        Event.newBuilder()
            .setCommandStarted(
                CommandStarted.newBuilder().setTurnId(accepted.getId()).setOffset(start)));
    changed(
        accepted.toBuilder()
            .setState(TurnState.TURN_STATE_RUNNING)
            .setOutputStartOffset(start)
            .build());
  }
}

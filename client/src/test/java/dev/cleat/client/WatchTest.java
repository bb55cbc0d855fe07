package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.v1.CaughtUp;
import dev.cleat.v1.GapReason;
import dev.cleat.v1.Heartbeat;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A watch over cuts. */
class WatchTest {
  private final ScriptedService service = new ScriptedService();
  private final LoopbackServer server = new LoopbackServer(service);
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final CleatClient client =
      CleatClient.builder()
          .target(server.target())
          .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
          .build();

  private final WatchListener recorder =
      new WatchListener() {
        @Override
        public void onChange(SessionChange change) {
          calls.add(change.kind() + " " + change.session().id() + " " + change.position().seq());
        }

        @Override
        public void onGap(Gap gap) {
          calls.add("gap " + gap.fromSeq() + "-" + gap.toSeq());
        }

        @Override
        public void onCaughtUp() {
          calls.add("caught up");
        }

        @Override
        public void onClosed() {
          calls.add("closed");
        }

        @Override
        public void onError(CleatException error) {
          calls.add("error " + error.reason());
        }
      };

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static WatchResponse change(long epoch, long seq) {
    return WatchResponse.newBuilder()
        .setChange(
            dev.cleat.v1.SessionChange.newBuilder()
                .setEpoch(epoch)
                .setSeq(seq)
                .setKind(SessionChangeKind.SESSION_CHANGE_KIND_CREATED)
                .setSession(dev.cleat.v1.Session.newBuilder().setId("s")))
        .build();
  }

  private static WatchResponse caughtUp(long epoch, long seq) {
    return WatchResponse.newBuilder()
        .setCaughtUp(CaughtUp.newBuilder().setEpoch(epoch).setSeq(seq))
        .build();
  }

  private static WatchResponse heartbeat(long epoch, long head) {
    return WatchResponse.newBuilder()
        .setHeartbeat(Heartbeat.newBuilder().setEpoch(epoch).setHeadSeq(head))
        .build();
  }

  private static WatchResponse gap(long from, long to, GapReason reason) {
    return WatchResponse.newBuilder()
        .setGap(dev.cleat.v1.Gap.newBuilder().setFromSeq(from).setToSeq(to).setReason(reason))
        .build();
  }

  @Test
  void changesComeOnceAndInOrderOverCuts() throws Exception {
    service
        .thenWatch(r -> {
          r.onNext(caughtUp(2, 7));
          r.onError(Status.UNAVAILABLE.asRuntimeException());
        })
        .thenWatch(r -> {
          r.onNext(change(2, 9));
          r.onNext(change(2, 12));
          r.onNext(heartbeat(2, 15));
          r.onCompleted();
        })
        .thenWatch(r -> {
          r.onNext(gap(16, 20, GapReason.GAP_REASON_RETENTION));
          r.onNext(caughtUp(2, 20));
          r.onNext(change(2, 21));
        });
    SessionWatch watch = client.watch(recorder);
    await().until(() -> calls.size() == 5);
    watch.close();
    watch.done().get(60, TimeUnit.SECONDS);

    assertThat(calls)
        .containsExactly(
            "caught up", "CREATED s 9", "CREATED s 12", "gap 16-20", "CREATED s 21", "closed");
    assertThat(service.watchRequests)
        .extracting(WatchRequest::hasAfterSeq)
        .containsExactly(false, true, true);
    assertThat(service.watchRequests)
        .extracting(WatchRequest::getAfterSeq)
        .containsExactly(0L, 7L, 15L);
    assertThat(service.watchRequests)
        .extracting(WatchRequest::getEpoch)
        .containsExactly(0L, 2L, 2L);
  }

  /** A filtered watch may have seen no change at all, and so no epoch but that of a heartbeat. */
  @Test
  void changesThatACrashMadeVoidAreMissedByNoWatch() throws Exception {
    service
        .thenWatch(r -> {
          r.onNext(caughtUp(1, 60));
          r.onNext(heartbeat(1, 100));
          r.onError(Status.UNAVAILABLE.asRuntimeException());
        })
        .thenWatch(r -> {
          r.onNext(gap(91, 100, GapReason.GAP_REASON_EPOCH_ENDED));
          r.onNext(change(2, 91));
          r.onNext(caughtUp(2, 120));
          r.onCompleted();
        })
        .thenWatch(r -> r.onNext(change(2, 121)));
    SessionWatch watch = client.watch(recorder);
    await().until(() -> calls.size() == 4);
    watch.close();
    watch.done().get(60, TimeUnit.SECONDS);

    assertThat(calls)
        .containsExactly("caught up", "gap 91-100", "CREATED s 91", "CREATED s 121", "closed");
    assertThat(service.watchRequests)
        .extracting(request -> request.getEpoch() + "/" + request.getAfterSeq())
        .containsExactly("0/0", "1/100", "2/120");
  }

  @Test
  void aChangeThatComesAgainEndsTheWatch() throws Exception {
    service.thenWatch(r -> {
      r.onNext(change(1, 3));
      r.onNext(change(1, 3));
    });
    SessionWatch watch = client.watch(recorder);
    try {
      watch.done().get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(CleatException.class);
    }
    assertThat(calls).containsExactly("CREATED s 3", "error PROTOCOL_VIOLATION");
  }

  @Test
  void aLastingFailureIsFinal() throws Exception {
    service.thenWatch(r -> r.onError(Failures.of(Status.Code.OUT_OF_RANGE, "EPOCH_ENDED")));
    SessionWatch watch = client.watch(SessionQuery.all(), new Position(3, 4), recorder);
    await().until(() -> watch.done().isDone());
    assertThat(calls).containsExactly("error EPOCH_ENDED");
    assertThat(service.watchRequests.get(0).getEpoch()).isEqualTo(3);
  }
}

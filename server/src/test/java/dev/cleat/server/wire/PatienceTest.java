package dev.cleat.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.telemetry.Meter;
import io.grpc.Context;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final Bounds BOUNDS = new Bounds(10, 10, 10, 1_000, 1_000);

  private static final int ROUNDS = 2_000;

  private final Patience none = new Patience(BOUNDS, Duration.ofNanos(-1));
  private final Patience much = new Patience(BOUNDS, Duration.ofDays(1));

  /** A call as the library tells of it. */
  private static final class Call {
    private final ServerStreamTracer tracer;
    private final Context context;

    Call(Patience patience) {
      tracer = patience.newServerStreamTracer("Service/Method", new Metadata());
      context = tracer.filterContext(Context.ROOT);
    }

    boolean isEnded() {
      return context.cancellationCause() instanceof TimeoutException;
    }
  }

  private static double gauge(Patience patience, String name) {
    return patience.meters().stream()
        .map(Meter::snapshot)
        .filter(snapshot -> snapshot.getMetadata().getName().equals(name))
        .map(GaugeSnapshot.class::cast)
        .findFirst()
        .orElseThrow()
        .getDataPoints()
        .getFirst()
        .getValue();
  }

  private static double ended(Patience patience, String reason) {
    return patience.meters().stream()
        .map(Meter::snapshot)
        .filter(CounterSnapshot.class::isInstance)
        .map(CounterSnapshot.class::cast)
        .flatMap(snapshot -> snapshot.getDataPoints().stream())
        .filter(point -> reason.equals(point.getLabels().get("reason")))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @Test
  void aCallWhoseRequestNeverComesEnds() {
    final Call call = new Call(none);

    none.sweep();

    assertThat(call.isEnded()).isTrue();
    assertThat(ended(none, "time")).isEqualTo(1);
    assertThat(gauge(none, "cleat_slow_calls")).isZero();
  }

  @Test
  void aCallWhoseRequestHasComeMayLast() {
    final Call call = new Call(none);
    call.tracer.inboundWireSize(10);
    call.tracer.inboundMessageRead(0, 10, 10);

    none.sweep();

    assertThat(call.isEnded()).isFalse();
    assertThat(gauge(none, "cleat_slow_calls_held_bytes")).isZero();
  }

  @Test
  void aLaterMessageThatComesInPartEndsTheCall() {
    final Call call = new Call(none);
    call.tracer.inboundMessageRead(0, 10, 10);
    call.tracer.inboundWireSize(1);

    none.sweep();

    assertThat(call.isEnded()).isTrue();
  }

  @Test
  void theOldestEndWhenAllTogetherHoldTooMuch() {
    final Call idle = new Call(much);
    final Call first = new Call(much);
    first.tracer.inboundWireSize(150);
    final Call second = new Call(much);
    second.tracer.inboundWireSize(150);
    final Call third = new Call(much);

    third.tracer.inboundWireSize(150);

    assertThat(first.isEnded()).isTrue();
    assertThat(second.isEnded()).isFalse();
    assertThat(third.isEnded()).isFalse();
    assertThat(idle.isEnded()).as("it holds nothing").isFalse();
    assertThat(ended(much, "memory")).isEqualTo(1);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isEqualTo(3 * (150 + 256));
    first.tracer.streamClosed(Status.CANCELLED);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isEqualTo(2 * (150 + 256));
  }

  @Test
  void nobodyElseEndsWhileTheOldestAreOnTheirWayOut() {
    final Call first = new Call(much);
    first.tracer.inboundWireSize(800);
    final Call second = new Call(much);

    second.tracer.inboundWireSize(1);
    second.tracer.inboundWireSize(1);

    assertThat(first.isEnded()).isTrue();
    assertThat(second.isEnded()).isFalse();
  }

  @Test
  void whatIsHeldIsGivenBackWhenACallEnds() {
    final Call call = new Call(much);
    call.tracer.inboundWireSize(600);

    call.tracer.streamClosed(Status.CANCELLED);

    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
    assertThat(gauge(much, "cleat_slow_calls")).isZero();
    assertThat(call.isEnded()).isFalse();
  }

  @Test
  void whatComesAfterTheEndIsNotHeld() {
    final Call call = new Call(much);
    call.tracer.streamClosed(Status.CANCELLED);

    call.tracer.inboundWireSize(600);

    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
  }

  /** A stream whose client takes what the test says. */
  private static final class Watch extends ServerCall<KnownLength, KnownLength> {
    private static final MethodDescriptor.Marshaller<KnownLength> NONE =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(KnownLength value) {
            throw new AssertionError(value);
          }

          @Override
          public KnownLength parse(InputStream stream) {
            throw new AssertionError(stream);
          }
        };

    private final Call call;
    private final Listener<KnownLength> listener;
    private ServerCall<KnownLength, KnownLength> watched = this;
    private boolean ready = true;
    private boolean left;
    private CountDownLatch beforeSent = new CountDownLatch(0);
    private final AtomicInteger sent = new AtomicInteger();

    Watch(Patience patience) throws Exception {
      call = new Call(patience);
      call.tracer.inboundMessageRead(0, 1, 1);
      listener =
          call.context.call(() ->
              patience.interceptCall(
                  this,
                  new Metadata(),
                  (seen, _) -> {
                    watched = seen;
                    return new Listener<>() {};
                  }));
    }

    /** Sends a message, which the client takes or not. */
    void send(int size, boolean taken) {
      ready = taken;
      watched.sendMessage(() -> size);
    }

    boolean isLeaving() {
      return call.isEnded() && !left;
    }

    void taken() {
      ready = true;
      listener.onReady();
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void sendMessage(KnownLength message) {
      try {
        beforeSent.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      sent.incrementAndGet();
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void close(Status status, Metadata trailers) {}

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<KnownLength, KnownLength> getMethodDescriptor() {
      return MethodDescriptor.<KnownLength, KnownLength>newBuilder()
          .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
          .setFullMethodName("Service/Watch")
          .setRequestMarshaller(NONE)
          .setResponseMarshaller(NONE)
          .build();
    }
  }

  @Test
  void aStreamMayWaitForItsClientForEver() throws Exception {
    final Watch watch = new Watch(none);
    watch.send(900, false);

    none.sweep();

    assertThat(watch.call.isEnded()).isFalse();
    assertThat(gauge(none, "cleat_blocked_streams")).isEqualTo(1);
    assertThat(gauge(none, "cleat_slow_calls_held_bytes")).isEqualTo(900);
  }

  @Test
  void whatAStreamsClientHasTakenIsNotHeld() throws Exception {
    final Watch watch = new Watch(much);
    watch.send(900, true);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();

    watch.send(900, false);
    watch.taken();

    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
    assertThat(gauge(much, "cleat_blocked_streams")).isZero();
  }

  @Test
  void theStreamThatWaitsLongestEndsWhenAllHoldTooMuch() throws Exception {
    final Watch frozen = new Watch(much);
    final Watch slow = new Watch(much);
    slow.send(400, false);
    frozen.send(400, false);
    slow.taken();
    slow.send(400, false);

    final Watch third = new Watch(much);
    third.send(400, false);

    assertThat(frozen.call.isEnded()).isTrue();
    assertThat(slow.call.isEnded()).isFalse();
    assertThat(third.call.isEnded()).isFalse();
    assertThat(ended(much, "memory")).isEqualTo(1);
    frozen.call.tracer.streamClosed(Status.CANCELLED);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isEqualTo(800);
    assertThat(gauge(much, "cleat_blocked_streams")).isEqualTo(2);
  }

  @Test
  void slowRequestsAndBlockedStreamsShareTheMemory() throws Exception {
    final Watch frozen = new Watch(much);
    frozen.send(600, false);
    final Call call = new Call(much);

    call.tracer.inboundWireSize(300);

    assertThat(frozen.call.isEnded()).isTrue();
    assertThat(call.isEnded()).isFalse();
  }

  /** Those that were told to end hold their memory until the event loop has got to it. */
  @Test
  void whoSendsWaitsWhileTooMuchIsStillHeld() throws Exception {
    final Watch frozen = new Watch(much);
    frozen.send(3_000, false);
    final Watch next = new Watch(much);
    final Thread sender = Thread.ofVirtual().start(() -> next.send(100, true));

    await().until(() -> sender.getState() == Thread.State.TIMED_WAITING);
    assertThat(next.sent).hasValue(0);
    frozen.call.tracer.streamClosed(Status.CANCELLED);
    sender.join();

    assertThat(next.sent).hasValue(1);
  }

  /** However many threads are between the check for room and the memory they take. */
  @Test
  void thoseThatSendAtOnceHoldNoMoreThanTheyMay() throws Exception {
    final CountDownLatch enough = new CountDownLatch(1);
    final List<Watch> sending = new ArrayList<>();
    final List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      final Watch watch = new Watch(much);
      watch.beforeSent = enough;
      sending.add(watch);
      senders.add(Thread.ofVirtual().start(() -> watch.send(400, true)));
    }

    await()
        .until(() ->
            senders.stream().filter(s -> s.getState() == Thread.State.TIMED_WAITING).count() == 8);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isEqualTo(800);
    enough.countDown();
    for (Thread sender : senders) {
      sender.join();
    }

    assertThat(sending).allMatch(watch -> watch.sent.get() == 1);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
    assertThat(ended(much, "memory")).isZero();
  }

  @Test
  void aMessageLargerThanAllThatMayBeHeldIsSent() throws Exception {
    final Watch watch = new Watch(much);
    final Thread sender = Thread.ofVirtual().start(() -> watch.send(100_000, true));

    sender.join();

    assertThat(watch.sent).hasValue(1);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
  }

  /** What is on its way when nobody can end yet is soon with somebody who can. */
  @Test
  void whoWaitsForRoomMakesItAsSoonAsOneCanEnd() throws Exception {
    final Watch frozen = new Watch(much);
    frozen.beforeSent = new CountDownLatch(1);
    final Thread first = Thread.ofVirtual().start(() -> frozen.send(900, false));
    await().until(() -> first.getState() == Thread.State.WAITING);
    final Watch next = new Watch(much);
    final Thread second = Thread.ofVirtual().start(() -> next.send(900, true));
    await().until(() -> second.getState() == Thread.State.TIMED_WAITING);

    frozen.beforeSent.countDown();
    await().until(frozen.call::isEnded);
    frozen.call.tracer.streamClosed(Status.CANCELLED);
    second.join();

    assertThat(next.sent).hasValue(1);
    assertThat(gauge(much, "cleat_slow_calls_held_bytes")).isZero();
  }

  /** The one that takes the room is the next that can end. */
  @Test
  void thoseThatWaitForTheSameRoomGoOnOneByOne() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      final Patience patience = new Patience(BOUNDS, Duration.ofDays(1));
      final List<Watch> watches = new ArrayList<>();
      final List<Thread> senders = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        final Watch watch = new Watch(patience);
        watches.add(watch);
        senders.add(Thread.ofVirtual().start(() -> watch.send(900, false)));
      }

      for (int i = 1; i < 5; i++) {
        final Watch leaving = awaitLeaving(watches);
        leaving.left = true;
        leaving.call.tracer.streamClosed(Status.CANCELLED);
      }
      for (Thread sender : senders) {
        sender.join();
      }

      assertThat(watches).allMatch(watch -> watch.sent.get() == 1);
      assertThat(ended(patience, "memory")).isEqualTo(4);
      assertThat(gauge(patience, "cleat_slow_calls_held_bytes")).isEqualTo(900);
    }
  }

  /** At once: what the senders do meanwhile is the point. */
  private static Watch awaitLeaving(List<Watch> watches) {
    while (true) {
      for (Watch watch : watches) {
        if (watch.isLeaving()) {
          return watch;
        }
      }
      Thread.onSpinWait();
    }
  }
}

package dev.cleat.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.telemetry.Meter;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final Bounds BOUNDS = new Bounds(10, 10, 10, 1_000, 1_000);

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
}

package dev.cleat.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.telemetry.Meter;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameAdapter;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DoorkeeperTest {
  private final Doorkeeper door = new Doorkeeper(new Bounds(1, 10, 10, 1_000, 1_000));
  private final EmbeddedChannel acceptor = new EmbeddedChannel(door);
  private final Client first = new Client();
  private final Client second = new Client();

  /** A connection that speaks HTTP/2. What is queued on its event loop runs when it is told to. */
  private static final class Client {
    private final Http2ConnectionHandler http2 =
        new Http2ConnectionHandlerBuilder()
            .server(true)
            .frameListener(new Http2FrameAdapter())
            .build();
    private final EmbeddedChannel channel = new EmbeddedChannel(http2);

    void speak() {
      channel.writeInbound(Unpooled.EMPTY_BUFFER);
    }

    void call() throws Http2Exception {
      final var _ = http2.connection().remote().createStream(1, false);
    }

    /** Its connection is reset: what is queued before the news of that runs first. */
    void vanish() {
      channel.unsafe().close(channel.voidPromise());
      channel.runPendingTasks();
    }
  }

  private void connect(Client client) {
    acceptor.writeInbound(client.channel);
    client.speak();
  }

  private double connections() {
    return door.meters().stream()
        .map(Meter::snapshot)
        .filter(snapshot -> snapshot.getMetadata().getName().equals("cleat_connections"))
        .map(GaugeSnapshot.class::cast)
        .findFirst()
        .orElseThrow()
        .getDataPoints()
        .getFirst()
        .getValue();
  }

  @AfterEach
  void close() {
    first.channel.finishAndReleaseAll();
    second.channel.finishAndReleaseAll();
    acceptor.releaseInbound();
    acceptor.finishAndReleaseAll();
  }

  @Test
  void whoHasNoCallMakesRoom() {
    connect(first);
    connect(second);
    first.channel.runPendingTasks();

    assertThat(first.channel.isOpen()).isFalse();
    assertThat(connections()).isEqualTo(1);
  }

  @Test
  void whoCallsJustNowStaysAndCounts() throws Exception {
    connect(first);
    connect(second);
    first.call();
    first.channel.runPendingTasks();

    assertThat(first.channel.isOpen()).isTrue();
    assertThat(connections()).isEqualTo(2);
    first.vanish();
    assertThat(connections()).isEqualTo(1);
  }

  /** Its place would be taken for good: it is quiet no more, and nothing would take it out. */
  @Test
  void whoCallsAndVanishesWhileItMakesRoomCountsNoMore() throws Exception {
    connect(first);
    connect(second);
    first.call();
    first.vanish();

    assertThat(connections()).isEqualTo(1);
    second.vanish();
    assertThat(connections()).isZero();
  }
}

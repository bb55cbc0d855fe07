package dev.cleat.server.wire;

import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler.Sharable;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Lets connections in, as a handler of the listening channel: each passes here before it costs more
 * than its descriptor. When there are as many as there may be, those that have been without a
 * stream for longest make room, so that whoever only connects cannot keep out who works; their
 * clients connect again when they have something to say. The newest is refused only when all have
 * streams. Thread-safe.
 */
@Sharable
public final class Doorkeeper extends ChannelInboundHandlerAdapter {
  /** Looking for those that can go takes a look at all: so many go at once. */
  private static final int GO_TOGETHER = 64;

  /** While nobody could go, nobody is looked for again. */
  private static final long FRUITLESS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Bounds bounds;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger streams = new AtomicInteger();
  private final Counter ended =
      new Counter(
          "cleat_connections_ended",
          "Connections that the server did not want: refused because all others have calls,"
              + " ended to make room for others, or ended because of a flood of frames.",
          "reason");
  private final LongAdder refused = ended.of("refused");
  private final LongAdder room = ended.of("room");
  private final LongAdder flood = ended.of("flood");
  private final Counter refusedStreams =
      new Counter("cleat_streams_refused", "Streams that were refused because there are too many.");
  private final LongAdder tooMany = refusedStreams.of();
  private long fruitless = System.nanoTime() - FRUITLESS_NANOS; // the acceptor's alone

  /** A doorkeeper of nobody yet. */
  public Doorkeeper(Bounds bounds) {
    this.bounds = bounds;
  }

  /** What it measures. */
  public List<Meter> meters() {
    return List.of(
        new Gauge("cleat_connections", "Connections of clients.", connections::size),
        new Gauge(
            "cleat_connections_memory_bytes",
            "Memory outside the heap that connections hold: what comes and goes on them.",
            PlatformDependent::usedDirectMemory),
        new Gauge("cleat_streams", "Calls that their connections have open.", streams::get),
        ended,
        refusedStreams);
  }

  /** Somebody has connected. */
  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof Channel channel && !admit(channel)) {
      refused.increment();
      channel.unsafe().closeForcibly();
      return;
    }
    context.fireChannelRead(message);
  }

  private boolean admit(Channel channel) {
    if (connections.size() >= bounds.connections() && !makeRoom()) {
      return false;
    }
    final Connection connection = new Connection(this, channel);
    connections.add(connection);
    channel.pipeline().addFirst(connection);
    final var _ = channel.closeFuture().addListener(_ -> connections.remove(connection));
    return true;
  }

  /** A connection, and how it stood when it was looked at: sorting must not see that change. */
  private record Quiet(Connection connection, long since) {}

  /** They count no more from now on, and are gone in a moment. */
  private boolean makeRoom() {
    final long now = System.nanoTime();
    if (now - fruitless < FRUITLESS_NANOS) {
      return false;
    }
    final int atOnce = Math.max(1, bounds.connections() / GO_TOGETHER);
    final List<Connection> quiet =
        connections.stream()
            .filter(Connection::isQuiet)
            .map(connection -> new Quiet(connection, connection.quietSince() - now))
            .sorted(Comparator.comparingLong(Quiet::since))
            .limit(atOnce)
            .map(Quiet::connection)
            .toList();
    if (quiet.isEmpty()) {
      fruitless = now;
    }
    quiet.forEach(connection -> {
      connections.remove(connection);
      connection.leave();
    });
    return !quiet.isEmpty();
  }

  // What a connection says.

  /** It stays after all: a stream came in the meantime. */
  void stays(Connection connection) {
    connections.add(connection);
  }

  void left() {
    room.increment();
  }

  void flooded() {
    flood.increment();
  }

  /** It has so many more streams. */
  void streams(int more) {
    streams.addAndGet(more);
  }

  /** Whether one stream more, which is counted already, is one too many. */
  boolean refusesStream() {
    final boolean refuses = streams.get() > bounds.streams();
    if (refuses) {
      tooMany.increment();
    }
    return refuses;
  }
}

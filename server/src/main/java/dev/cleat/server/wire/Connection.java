package dev.cleat.server.wire;

import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream.State;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. First in its pipeline until HTTP/2 is spoken there, which with TLS is
 * later; then it only listens. Everything but looking at it is for its event loop.
 */
final class Connection extends ChannelInboundHandlerAdapter {
  private final Doorkeeper door;
  private final Channel channel;
  private @Nullable Http2ConnectionHandler http2;
  private volatile int streams;
  private volatile long quietSince = System.nanoTime();

  Connection(Doorkeeper door, Channel channel) {
    this.door = door;
    this.channel = channel;
  }

  /** Whether it has no stream, and can leave. From any thread. */
  boolean isQuiet() {
    return streams == 0 && channel.isRegistered();
  }

  /** Since when it has had no stream. From any thread. */
  long quietSince() {
    return quietSince;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) throws Http2Exception {
    context.fireChannelActive();
    listen(context);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Http2Exception {
    context.fireChannelRead(message);
    listen(context);
  }

  private void listen(ChannelHandlerContext context) throws Http2Exception {
    final Http2ConnectionHandler handler = channel.pipeline().get(Http2ConnectionHandler.class);
    if (handler == null || context.isRemoved()) {
      return;
    }
    http2 = handler;
    handler.connection().addListener(new Streams(handler));
    FrameGuard.install(handler, door);
    Resets.install(handler);
    channel.pipeline().remove(this);
  }

  /** Counts them, and sees to their end. */
  private final class Streams extends Http2ConnectionAdapter {
    private final Http2ConnectionHandler handler;

    Streams(Http2ConnectionHandler handler) {
      this.handler = handler;
      count();
    }

    @Override
    public void onStreamActive(Http2Stream stream) {
      count();
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      count();
    }

    /**
     * Once it is answered a call is over, also where the client means to say more: the library
     * would wait for that.
     */
    @Override
    public void onStreamHalfClosed(Http2Stream stream) {
      if (stream.state() == State.HALF_CLOSED_LOCAL) {
        channel.eventLoop().execute(() -> endAnswered(stream));
      }
    }

    private void endAnswered(Http2Stream stream) {
      final ChannelHandlerContext context = channel.pipeline().context(handler);
      if (context != null && stream.state() == State.HALF_CLOSED_LOCAL) {
        final var _ =
            handler
                .encoder()
                .writeRstStream(
                    context, stream.id(), Http2Error.NO_ERROR.code(), context.newPromise());
        context.flush();
      }
    }

    private void count() {
      final int before = streams;
      final int now = handler.connection().numActiveStreams();
      if (now == 0) {
        // First: whoever sees that it is quiet sees since when.
        quietSince = System.nanoTime();
      }
      streams = now;
      door.streams(now - before);
    }
  }

  /** Makes room for others, unless a stream has come just now. From any thread. */
  void leave() {
    channel.eventLoop().execute(this::leaveIfQuiet);
  }

  private void leaveIfQuiet() {
    if (!channel.isOpen()) {
      // It has gone by itself, perhaps with its streams still counted. If it goes later, the door
      // hears of it here, on this loop, after whatever follows.
      return;
    }
    if (streams > 0) {
      door.stays(this);
      return;
    }
    door.left();
    final Http2ConnectionHandler handler = http2;
    final ChannelHandlerContext context =
        handler == null ? null : channel.pipeline().context(handler);
    if (handler != null && context != null) {
      // A client that hears that nothing of it was taken tries again by itself.
      final var _ =
          handler.goAway(
              context,
              handler.connection().remote().lastStreamCreated(),
              Http2Error.NO_ERROR.code(),
              Unpooled.EMPTY_BUFFER,
              context.newPromise());
      context.flush();
    }
    // Not through the handlers: they would wait for the client.
    channel.unsafe().close(channel.voidPromise());
  }
}

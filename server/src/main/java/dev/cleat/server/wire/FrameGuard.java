package dev.cleat.server.wire;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Flags;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListener;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Settings;
import java.util.concurrent.TimeUnit;

/**
 * Looks at the frames of a connection, before the library does. Bounds what it leaves open: frames
 * that cost work and bring nothing, the number of streams of all connections together, and the
 * table of headers that a client can have the server keep. Pings, resets, continuations and the
 * sizes of headers are the library's to bound. For the connection's event loop.
 */
final class FrameGuard extends Http2FrameListenerDecorator {
  /** Nobody sends more than a few in earnest. */
  private static final int IDLE_FRAMES = 1_000;

  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** What HTTP/2 begins with. A client may offer 4 GiB, and fill it with what errors repeat. */
  private static final long HEADER_TABLE_BYTES = 4096;

  private final Http2ConnectionEncoder encoder;
  private final Doorkeeper door;
  private long windowBegin = System.nanoTime();
  private int idleFrames;

  private FrameGuard(Http2FrameListener library, Http2ConnectionEncoder encoder, Doorkeeper door) {
    super(library);
    this.encoder = encoder;
    this.door = door;
  }

  /** Puts one before the library. */
  static void install(Http2ConnectionHandler handler, Doorkeeper door) throws Http2Exception {
    final FrameGuard guard =
        new FrameGuard(handler.decoder().frameListener(), handler.encoder(), door);
    handler.decoder().frameListener(guard);
    // With TLS, the first settings may have come already.
    guard.boundHeaderTable();
  }

  /** A frame that brings nothing. */
  private void idle() throws Http2Exception {
    final long now = System.nanoTime();
    if (now - windowBegin > WINDOW_NANOS) {
      windowBegin = now;
      idleFrames = 0;
    }
    idleFrames++;
    if (idleFrames == IDLE_FRAMES) {
      door.flooded();
    }
    if (idleFrames >= IDLE_FRAMES) {
      throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too_many_idle_frames");
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean end)
      throws Http2Exception {
    if (!data.isReadable()) {
      if (!end) {
        idle();
      }
      return super.onDataRead(context, stream, data, padding, end);
    }
    // As it is, it would hold on to all that was read from the network together with it.
    final ByteBuf own =
        context
            .alloc()
            .buffer(data.readableBytes())
            .writeBytes(data, data.readerIndex(), data.readableBytes());
    try {
      return super.onDataRead(context, stream, own, padding, end);
    } finally {
      own.release();
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context, int stream, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    if (admits(context, stream)) {
      super.onHeadersRead(context, stream, headers, padding, end);
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext context,
      int stream,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    if (admits(context, stream)) {
      super.onHeadersRead(context, stream, headers, dependency, weight, exclusive, padding, end);
    }
  }

  /** A refused one says that nothing was done for it: clients try such a call again. */
  private boolean admits(ChannelHandlerContext context, int stream) {
    if (!door.refusesStream()) {
      return true;
    }
    final var _ =
        encoder.writeRstStream(
            context, stream, Http2Error.REFUSED_STREAM.code(), context.newPromise());
    return false;
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings)
      throws Http2Exception {
    idle();
    super.onSettingsRead(context, settings);
    boundHeaderTable();
  }

  private void boundHeaderTable() throws Http2Exception {
    final var headers = encoder.configuration().headersConfiguration();
    if (headers.maxHeaderTableSize() > HEADER_TABLE_BYTES) {
      headers.maxHeaderTableSize(HEADER_TABLE_BYTES);
    }
  }

  @Override
  public void onSettingsAckRead(ChannelHandlerContext context) throws Http2Exception {
    idle();
    super.onSettingsAckRead(context);
  }

  @Override
  public void onPriorityRead(
      ChannelHandlerContext context, int stream, int dependency, short weight, boolean exclusive)
      throws Http2Exception {
    idle();
    super.onPriorityRead(context, stream, dependency, weight, exclusive);
  }

  @Override
  public void onGoAwayRead(ChannelHandlerContext context, int last, long error, ByteBuf debug)
      throws Http2Exception {
    idle();
    super.onGoAwayRead(context, last, error, debug);
  }

  @Override
  public void onUnknownFrame(
      ChannelHandlerContext context, byte type, int stream, Http2Flags flags, ByteBuf payload)
      throws Http2Exception {
    idle();
    super.onUnknownFrame(context, type, stream, flags, payload);
  }
}

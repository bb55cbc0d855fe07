package dev.cleat.server.wire;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelFuture;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2LifecycleManager;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;

/**
 * Frees what waits to be sent on a stream at once when the server resets it. The library would keep
 * it until the network has taken the reset, which a client that reads nothing puts off as long as
 * it likes. For the connection's event loop.
 */
record Resets(Http2ConnectionHandler library) implements Http2LifecycleManager {

  /** Has a connection do so. */
  static void install(Http2ConnectionHandler handler) {
    handler.encoder().lifecycleManager(new Resets(handler));
  }

  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext context, int stream, long error, ChannelPromise promise) {
    final ChannelFuture written = library.resetStream(context, stream, error, promise);
    final Http2Stream reset = library.connection().stream(stream);
    if (reset != null) {
      reset.close();
    }
    return written;
  }

  @Override
  public void closeStreamLocal(Http2Stream stream, ChannelFuture future) {
    library.closeStreamLocal(stream, future);
  }

  @Override
  public void closeStreamRemote(Http2Stream stream, ChannelFuture future) {
    library.closeStreamRemote(stream, future);
  }

  @Override
  public void closeStream(Http2Stream stream, ChannelFuture future) {
    library.closeStream(stream, future);
  }

  @Override
  public ChannelFuture goAway(
      ChannelHandlerContext context,
      int lastStream,
      long error,
      ByteBuf debug,
      ChannelPromise promise) {
    return library.goAway(context, lastStream, error, debug, promise);
  }

  @Override
  public void onError(ChannelHandlerContext context, boolean outbound, Throwable cause) {
    library.onError(context, outbound, cause);
  }
}
